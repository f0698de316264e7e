"""How fast one large file comes from a Hub, beside huggingface_hub and curl, in one run.

Usage: .venv-reference/bin/python bench/hub_throughput.py HUB_FETCH [--megabytes 1024] [--repeats 3] [--folder F]
HUB_FETCH is the program of bench/hub_fetch.cpp. The Hub is tests/emulators/hub_emulator.py on loopback, whose
speed bounds everybody's; so the table shows the best of the repeats, which take turns, and ratios. Every
download ends in a new file below F. hub_fetch checks the sha256 and syncs the file; huggingface_hub (over plain
HTTP: HF_HUB_DISABLE_XET=1) checks the size, curl nothing, in a single request. huggingface_hub's seconds are
those of hf_hub_download alone, without the start of Python.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
EMULATOR = HERE.parent / "tests" / "emulators" / "hub_emulator.py"
NAME = "model.safetensors"
PYTHON_FETCH = """
import time
import huggingface_hub
begin = time.perf_counter()
huggingface_hub.hf_hub_download("org/large", "model.safetensors", token=False)
print(time.perf_counter() - begin)
"""


def door(url, name, value):
    with urllib.request.urlopen(f"{url}/_{name}", json.dumps(value).encode()) as answer:
        return json.load(answer)


def make_file(path, megabytes):
    with open(path, "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))


def seconds_of(command, folder, url):
    """What the program prints, with an empty cache in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = os.environ | {
        "HF_HOME": str(folder), "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return float(done.stdout)


def curl_seconds(url, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    begin = time.perf_counter()
    subprocess.run(["curl", "-sSL", "--fail", "-o", folder / NAME,
                    f"{url}/org/large/resolve/main/{NAME}"], check=True)
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hub_fetch")
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where files go (default: the system's)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        scratch = pathlib.Path(scratch)
        make_file(scratch / "source", options.megabytes)
        emulator = subprocess.Popen([sys.executable, EMULATOR], stdout=subprocess.PIPE, text=True)
        try:
            url = "http://127.0.0.1:" + emulator.stdout.readline().split()[1]
            door(url, "repository", {"name": "org/large",
                                     "files": {NAME: {"file": str(scratch / "source")}}})
            clients = {
                "temper": lambda: seconds_of([options.hub_fetch, f"hf://org/large/{NAME}"],
                                             scratch / "temper", url),
                "huggingface_hub": lambda: seconds_of([sys.executable, "-c", PYTHON_FETCH],
                                                      scratch / "python", url),
                "curl": lambda: curl_seconds(url, scratch / "curl")}
            taken = {name: [] for name in clients}
            for _ in range(options.repeats):
                for name, run in clients.items():
                    taken[name].append(run())
        finally:
            emulator.terminate()
    best = {name: min(seconds) for name, seconds in taken.items()}
    for name, seconds in taken.items():
        rate = options.megabytes / 1024 / best[name]
        print(f"{name:16} best {best[name]:6.2f} s  {rate:5.2f} GiB/s  all "
              + " ".join(f"{value:.2f}" for value in seconds))
    print(f"temper / huggingface_hub: {best['huggingface_hub'] / best['temper']:.2f} x")
    print(f"temper / curl:            {best['curl'] / best['temper']:.2f} x")


if __name__ == "__main__":
    main()
