"""Push of a large file: `temper push` and huggingface_hub's upload_folder, to the same emulated Hub in one run.

Usage: hub_push.py TEMPER [--megabytes 500] [--repeats 5] [--part-megabytes N]   (with .venv-reference's Python)
Each repeat pushes a new file with both, in turn; times are of whole processes, so Python's start is told beside. The
emulator hashes what it gets, in a process of its own. --part-megabytes: uploads in parts of that size, else in one.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
UPLOAD = """import sys, huggingface_hub
api = huggingface_hub.HfApi()
api.create_repo("org/python", private=True, exist_ok=True)
api.upload_folder(folder_path=sys.argv[1], repo_id="org/python")
"""
RESOLVED = "name: bench\nmodel: {base: model}\ndata: {train: data.jsonl}\nduration: {steps: 1}\n"


def door(url, name, value):
    request = urllib.request.Request(f"{url}/_{name}", json.dumps(value).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def make_run(folder, megabytes):
    """A finished run with an adapter of random bytes, as its gate leaves it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "adapter").mkdir(parents=True)
    block = os.urandom(1 << 20)
    sha256 = hashlib.sha256()
    with open(folder / "adapter/adapter_model.safetensors", "wb") as file:
        for i in range(megabytes * 1_000_000 // len(block)):
            piece = i.to_bytes(8, "little") + block[8:]
            file.write(piece)
            sha256.update(piece)
        size = file.tell()
    (folder / "adapter/export_check.json").write_text(json.dumps({
        "version": 1, "kind": "adapter", "base_fingerprint": "", "samples": 0,
        "trained_loss": None, "file_loss": None,
        "files": [{"name": "adapter_model.safetensors", "bytes": size,
                   "sha256": sha256.hexdigest()}]}))
    (folder / "resolved.yaml").write_text(RESOLVED)
    (folder / "run.json").write_text(json.dumps({
        "version": 1, "id": "bench-1", "name": "bench", "created": "2026-11-24T00:00:00.000Z",
        "state": "done", "host": "", "supervisor_pid": 0, "supervisor_start": 0,
        "backend": "local", "message": "", "attempts": []}))


def timed(command, environment):
    begin = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("temper")
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--part-megabytes", type=int, default=0)
    options = parser.parse_args()
    emulator = subprocess.Popen([sys.executable, str(ROOT / "tests/emulators/hub_emulator.py")],
                                stdout=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{emulator.stdout.readline().split()[1]}"
    with tempfile.TemporaryDirectory() as temporary:
        environment = dict(os.environ, HF_ENDPOINT=url, HF_TOKEN="hf_write", HF_HOME=temporary,
                           HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1",
                           HF_HUB_DISABLE_TELEMETRY="1")
        folder = pathlib.Path(temporary) / "run"
        start = min(timed([sys.executable, "-c", "import huggingface_hub.hf_api"], environment)
                    for _ in range(3))
        times = {"temper": [], "huggingface_hub": []}
        for repeat in range(options.repeats):
            for who in sorted(times, reverse=repeat % 2 == 1):
                door(url, "reset", {})
                if options.part_megabytes:
                    door(url, "push", {"multipart_from": 1,
                                       "part_bytes": options.part_megabytes * 1_000_000})
                make_run(folder, options.megabytes)
                command = ([options.temper, "push", str(folder), "--hub", "org/temper"]
                           if who == "temper" else
                           [sys.executable, "-c", UPLOAD, str(folder / "adapter")])
                times[who].append(timed(command, environment))
        for who, seconds in times.items():
            print(f"{who:16} median {statistics.median(seconds):.2f} s   "
                  f"{' '.join(f'{second:.2f}' for second in seconds)}")
        ratio = statistics.median(times["huggingface_hub"]) / statistics.median(times["temper"])
        print(f"ratio {ratio:.2f}; importing huggingface_hub takes {start:.2f} s of each of its times")
    emulator.terminate()


if __name__ == "__main__":
    main()
