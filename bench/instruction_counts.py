#!/usr/bin/env python3
"""Instructions of the trainer's loops on fixed inputs, counted by callgrind: small regressions show where timings are
too noisy. Products of matrices inside attention (the library's) are not counted.

Usage: instruction_counts.py [--program build/release/bench/fixed_work] [--update]
Compares with bench/instruction_counts.json, prints a table and fails (exit 1) if a loop takes over 2 % more. The
counts are those of setup.sh's g++ on a processor with AVX2; --update writes them anew, to be committed with the change that
earns them. Needs valgrind (setup.sh --test-tools).
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "instruction_counts.json"
ALLOWED = 1.02
LIBRARY = re.compile(r"(mkl|sgemm|openblas)", re.IGNORECASE)


def counts_of(program):
    """Instructions by loop: the program resets the counters before each and has a profile written after it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
                   f"--callgrind-out-file={folder}/profile", str(program)]
        run = subprocess.run(command, env={"LD_BIND_NOW": "1", "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True)
        if run.returncode != 0:
            sys.exit(f"{' '.join(command)}\nfailed:\n{run.stderr}")
        profiles = sorted(pathlib.Path(folder).glob("profile.*"), key=lambda path: int(path.suffix[1:]))
        return dict(map(count_of, profiles))


def count_of(profile):
    """(loop, instructions outside of the library for products) of one profile (format: callgrind's manual)."""
    name, total, in_library, after_calls = None, 0, False, False
    for line in profile.read_text(encoding="utf-8").splitlines():
        if line.startswith("desc: Trigger: "):
            name = line.split()[-1]
        elif line.startswith(("fn=", "ob=")):
            in_library = bool(LIBRARY.search(line)) or (in_library and line.startswith("fn="))
        elif line.startswith("calls="):
            after_calls = True  # the next line is what the callee took; it is counted at the callee
        elif re.match(r"[0-9+*-]\S* \d+$", line):
            total += 0 if after_calls or in_library else int(line.split()[1])
            after_calls = False
    return name, total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=HERE.parent / "build/release/bench/fixed_work")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    counts = counts_of(options.program)
    if options.update:
        BASELINE.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    print("| loop | instructions | of the baseline |\n|---|---|---|")
    worse = sorted(baseline.keys() - counts.keys())
    for name, count in counts.items():
        ratio = count / baseline[name] if name in baseline else float("inf")
        print(f"| {name} | {count:,} | {ratio:.3f} |")
        if ratio > ALLOWED:
            worse.append(name)
    if worse:
        sys.exit(f"more instructions than in {BASELINE.name}, missing or new: {', '.join(worse)}")


if __name__ == "__main__":
    main()
