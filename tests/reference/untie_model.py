"""untie_model.py MODEL OUT: a copy of a model folder with a head of its own in place of a tied one, drawn by a fixed
seed, so that embed_tokens and lm_head can be trained apart."""

import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file


def main(model, out):
    shutil.copytree(model, out)
    tensors = load_file(model / "model.safetensors")
    generator = torch.Generator().manual_seed(20261124)
    shape = tensors["model.embed_tokens.weight"].shape
    tensors["lm_head.weight"] = torch.randn(shape, generator=generator) * 0.05
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((model / "config.json").read_text())
    config["tie_word_embeddings"] = False
    (out / "config.json").write_text(json.dumps(config, indent=2))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
