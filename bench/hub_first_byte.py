"""How long from the start of `temper run` to the first byte of a base model that the Hub's cache holds.

Usage: bench/hub_first_byte.py TEMPER [--repeats 20]
The model is tests/golden/tiny-model, fetched once from the emulated Hub. The byte is the first that any process
reads or maps of a file in the cache's blobs, as inotify(7) tells it. Two places: a pinned commit (the Hub is asked
nothing) and a branch (one request to the emulator on loopback).
"""
import argparse
import ctypes
import json
import os
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
IN_ACCESS, IN_OPEN = 0x1, 0x20
RECIPE = """\
version: 1
name: first
model: {base: "%s"}
adapter: {rank: 2, targets: all-linear}
data: {train: [{path: "%s/chats.jsonl"}], max_length: 64}
batch: {samples: 1, slots: 1}
duration: {steps: 1}
checkpoint: {to: "%s/runs"}
"""
CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


def wait_for_reader(folder, start):
    """The seconds from start() until a file in `folder` is opened or read, and what start() returned."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    libc.inotify_add_watch(watch, os.fsencode(folder), IN_ACCESS | IN_OPEN)
    begin = time.perf_counter()
    process = start()
    ready, _, _ = select.select([watch], [], [], 30)
    seconds = time.perf_counter() - begin
    os.close(watch)
    if not ready:
        raise SystemExit("nothing was read within 30 s")
    return seconds, process


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("temper")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "chats.jsonl").write_text(json.dumps(CHAT) + "\n")
        emulator = subprocess.Popen([sys.executable, ROOT / "tests" / "emulators" / "hub_emulator.py"],
                                    stdout=subprocess.PIPE, text=True)
        url = "http://127.0.0.1:" + emulator.stdout.readline().split()[1]
        files = {path.name: {"file": str(path)} for path in (ROOT / "tests/golden/tiny-model").iterdir()}
        body = json.dumps({"name": "org/tiny", "files": files}).encode()
        commit = json.load(urllib.request.urlopen(f"{url}/_repository", body))["commit"]
        environment = os.environ | {"HF_ENDPOINT": url, "HF_HOME": str(folder / "hf"),
                                    "TEMPER_CACHE": str(folder / "cache")}
        blobs = folder / "hf" / "hub" / "models--org--tiny" / "blobs"
        for name, base in (("pinned commit", f"hf://org/tiny@{commit}"), ("branch", "hf://org/tiny")):
            recipe = folder / "recipe.yaml"
            recipe.write_text(RECIPE % (base, folder, folder))
            command = [options.temper, "run", recipe]
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            taken = []
            for _ in range(options.repeats):
                seconds, process = wait_for_reader(blobs, lambda: subprocess.Popen(
                    command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                process.wait()
                taken.append(1000 * seconds)
            print(f"{name:14} median {statistics.median(taken):5.1f} ms, {min(taken):.1f} to {max(taken):.1f}")
        emulator.terminate()


if __name__ == "__main__":
    main()
