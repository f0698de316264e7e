"""Our tokenizer and Hugging Face's on the same texts in one run: MB/s on one core, load time, and long pieces.

Usage: tokenizer_speed.py TOKENIZE_LINES CHATS_JSONL TOKENIZER_JSON…   (in the reference environment)
Prints one JSON object a tokenizer. Ours runs before and after theirs, so that a machine that slows down shows; all times are
processor time of one thread.
"""
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from tokenizers import Tokenizer

MAX_MESSAGES = 40_000
SMALL, LARGE = 10_000, 10_000_000  # bytes of a document that is one piece
SMALL_COUNT = 200


def run(program, mode, tokenizer, lines):
    done = subprocess.run([program, mode, tokenizer, lines], capture_output=True, text=True, check=True)
    return done.stdout


def write_strings(folder, name, texts):
    path = pathlib.Path(folder) / name
    path.write_text("".join(json.dumps(text) + "\n" for text in texts))
    return str(path)


def theirs(tokenizer, texts):
    begin = time.process_time()
    tokens = sum(len(tokenizer.encode(text).ids) for text in texts)
    return time.process_time() - begin, tokens


def long_pieces(program, path, folder, prose):
    """Time a byte of one 10 MB text against that of 10 KB texts: for prose, and for one word without end."""
    letters = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=LARGE))
    ratios = {}
    for name, source in (("prose", (prose * (LARGE // len(prose) + 1))[:LARGE]), ("one_word", letters)):
        small = [source[at:at + SMALL] for at in range(0, SMALL * SMALL_COUNT, SMALL)]
        lines = write_strings(folder, "pieces.jsonl", small + [source])
        seconds = [float(line) for line in run(program, "pieces", path, lines).split()]
        per_byte = [second / len(text.encode()) for second, text in zip(seconds, small + [source])]
        ratios[name] = round(per_byte[-1] / statistics.median(per_byte[:-1]), 2)
    return ratios


def main():
    program, chats, *paths = sys.argv[1:]
    texts = [message["content"] for line in open(chats) for message in json.loads(line)["messages"]][:MAX_MESSAGES]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    prose = "\n".join(texts)[:LARGE]
    for path in paths:
        tokenizer = Tokenizer.from_file(path)
        with tempfile.TemporaryDirectory() as folder:
            lines = write_strings(folder, "texts.jsonl", texts)
            before = json.loads(run(program, "speed", path, lines))
            seconds, tokens = theirs(tokenizer, texts)
            after = json.loads(run(program, "speed", path, lines))
            assert before["tokens"] == tokens, (before["tokens"], tokens)
            speeds = [round(line["megabytes_per_second"], 1) for line in (before, after)]
            print(json.dumps({
                "tokenizer": path, "megabytes": round(megabytes, 1), "tokens": tokens, "ours": speeds,
                "theirs": round(megabytes / seconds, 2), "ratio": round(min(speeds) * seconds / megabytes, 1),
                "load_seconds": [round(line["load_seconds"], 3) for line in (before, after)],
                "time_a_byte_10MB_to_10KB": long_pieces(program, path, folder, prose)}), flush=True)


if __name__ == "__main__":
    main()
