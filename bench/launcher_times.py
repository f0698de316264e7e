"""How long the launcher takes to answer, and its resident memory.

Usage: launcher_times.py TEMPER RUNS [--recipe RECIPE] [--repeats N]. RUNS is a folder with at least one run; RECIPE is
planned, its data's index in the cache. Prints, for each command, the median and the fastest of N (default 21) in
milliseconds and the largest resident memory in MiB, beside the bound.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time


def measure(command):
    """Seconds and resident bytes of one call."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss * 1024


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("temper")
    parser.add_argument("runs")
    parser.add_argument("--recipe")
    parser.add_argument("--repeats", type=int, default=21)
    return parser.parse_args()


def main():
    given = arguments()
    temper, runs = given.temper, given.runs
    commands = {
        "--help": ([temper, "--help"], 20),
        "status": ([temper, "status", "--runs", runs], 50),
        "list": ([temper, "list", "--runs", runs], 50),
        "list --json": ([temper, "list", "--json", "--runs", runs], 50),
    }
    if given.recipe:
        commands["plan"] = ([temper, "plan", given.recipe], 1000)
        measure(commands["plan"][0])  # makes the index
    for name, (command, bound) in commands.items():
        samples = [measure(command) for _ in range(given.repeats)]
        seconds = [sample[0] * 1000 for sample in samples]
        resident = max(sample[1] for sample in samples) / 2**20
        print(f"{name:12} median {statistics.median(seconds):6.1f} ms, fastest {min(seconds):6.1f} ms (bound {bound} ms); {resident:.1f} MiB (bound 30)")


if __name__ == "__main__":
    main()
