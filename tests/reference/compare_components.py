"""Compares every component of tokenizer.json, in each setting, with Hugging Face's tokenizers.

Usage: compare_components.py TOKENIZE_LINES [--strings N] [--seed S]; exit code 1 if anything differs.
"""
import argparse
import json
import pathlib
import sys
import tempfile

import comparison_texts
import component_cases
from compare_tokenizers import compare
from tokenizers import Tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--strings", type=int, default=150)
    parser.add_argument("--seed", type=int, default=20_260)
    arguments = parser.parse_args()
    specials = [*component_cases.SPECIALS, "<tool>", "qword", "été", "日本", "The the"]
    total = different = count = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tokenizer.json"
        for count, (name, file) in enumerate(component_cases.cases(), 1):
            path.write_text(json.dumps(file))
            texts = comparison_texts.fuzzed(arguments.strings, arguments.seed + count, specials)
            # Hugging Face's decoders count on at least one token.
            texts = [text for text in texts if text.strip()]
            found = compare(arguments.program, str(path), Tokenizer.from_str(json.dumps(file)), texts)
            if found:
                print(f"{name}: {found} of {len(texts)} differ", flush=True)
            total += len(texts)
            different += found
    print(f"seed {arguments.seed}: {count} tokenizers, {total} strings compared, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
