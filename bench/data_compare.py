"""Reads the same data with Temper and with Arrow's own reader, in one run, and prints the ratios of processor time.

Usage: .venv-reference/bin/python bench/data_compare.py BUILD [MEGABYTES]
BUILD is a build folder with the target data_read. The data is made of chats of Debian-like text.
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq

REPEATS = 5
WORDS = [f"{a}{b}" for a in "river stone winter hammer wood sky spider nail sea night".split()
         for b in ("", "s", "ing", "ed", "ly")]


def make_chats(megabytes):
    chooser = random.Random(1)
    size = 0
    while size < megabytes * 1_000_000:
        def text(low, high):
            return " ".join(chooser.choices(WORDS, k=chooser.randint(low, high))) + ".\n"
        chat = {"messages": [{"role": "user", "content": text(5, 60)},
                             {"role": "assistant", "content": text(20, 300)}]}
        size += len(json.dumps(chat))
        yield chat


def temper_seconds(program, kind, path, pattern):
    output = subprocess.run([program, kind, path], check=True, text=True, capture_output=True).stdout
    return float(re.search(pattern + r" \d+ MB/s \(\d+ bytes in ([\d.]+) s\)", output).group(1))


def arrow_seconds(path):
    """Arrow decodes every row group into its own arrays, on one thread."""
    begin = time.process_time()
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        file.read_row_group(group, use_threads=False)
    return time.process_time() - begin


def main():
    build, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    program = str(pathlib.Path(build) / "bench" / "data_read")
    with tempfile.TemporaryDirectory() as folder:
        chats = list(make_chats(megabytes))
        lines = pathlib.Path(folder) / "chats.jsonl"
        lines.write_text("".join(json.dumps(chat) + "\n" for chat in chats))
        size = lines.stat().st_size / 1e6
        best = min(temper_seconds(program, "jsonl", lines, "jsonl scan and parse")
                   for _ in range(REPEATS))
        print(f"jsonl: {size:.0f} MB, scanned and parsed at {size / best:.0f} MB/s a core")
        for compression in ("none", "snappy", "zstd"):
            path = f"{folder}/{compression}.parquet"
            pq.write_table(pa.Table.from_pylist(chats), path, row_group_size=20_000,
                           compression=compression)
            pairs = [(temper_seconds(program, "parquet", path, "parquet to lines"),
                      arrow_seconds(path)) for _ in range(REPEATS)]
            ours, theirs = (min(side) for side in zip(*pairs))
            print(f"parquet ({compression}): Temper to JSON lines {ours:.3f} s, Arrow to its arrays "
                  f"{theirs:.3f} s, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
