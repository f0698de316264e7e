"""fetch_pushed.py REPOSITORY FOLDER KEY=VALUE…: huggingface_hub downloads a repository from HF_ENDPOINT to FOLDER; the Hub
accepts its model card (validate), which check_card.py then checks, and the card's table shows the losses of
metrics.json. Exit status 1 and the problem otherwise."""

import json
import pathlib
import re
import subprocess
import sys

from huggingface_hub import ModelCard, snapshot_download


def curve_of(card):
    """{step: [training loss, held-out loss]} of the card's table, None where a cell is empty."""
    rows = re.findall(r"^\| (\d+) \| ([\d.]*) \| ([\d.]*) \|$", card, re.MULTILINE)
    return {int(step): [float(loss) if loss else None for loss in losses] for step, *losses in rows}


def main():
    repository, folder, *wanted = sys.argv[1:]
    snapshot_download(repository, local_dir=folder)
    folder = pathlib.Path(folder)
    card = ModelCard.load(folder / "README.md")
    card.validate(repo_type="model")
    curve = {
        point["step"]: [point["loss"], point["eval_loss"]]
        for point in json.loads((folder / "metrics.json").read_text())["curve"]
    }
    shown = curve_of(card.content)
    if len(shown) < min(3, len(curve)) or max(curve) not in shown:
        sys.exit(f"the card shows the steps {sorted(shown)} of {sorted(curve)}")
    for step, losses in shown.items():
        for loss, told in zip(curve[step], losses, strict=True):
            if (loss is None) != (told is None) or (loss is not None and abs(loss - told) > 5.1e-5):
                sys.exit(f"step {step}: the card says {losses}, metrics.json {curve[step]}")
    check = pathlib.Path(__file__).with_name("check_card.py")
    subprocess.run([sys.executable, check, folder / "README.md", *wanted], check=True)


if __name__ == "__main__":
    main()
