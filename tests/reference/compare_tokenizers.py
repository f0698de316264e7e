"""Compares our tokenizers with Hugging Face's on real vocabularies: ids, tokens, offsets, decoded and streamed text.

Usage: compare_tokenizers.py TOKENIZE_LINES [--strings N] [--seed S] [--only NAME…] [--folder DIR…] [--chats FILE] [--long]
Exit code 1 if anything differs; every class prints how many strings were compared and how many differ.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import comparison_texts
import npm_tokenizers
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

MAX_SHOWN = 5


class ByteCounts:
    """Our byte offsets as the numbers that Hugging Face gives, which counts characters."""

    def __init__(self, text):
        self.character_at = []
        for number, character in enumerate(text):
            self.character_at += [number] * len(character.encode())
        self.num_characters = len(text)

    def same(self, mine, theirs):
        """Whether our range in bytes is theirs in characters."""
        begin, end = mine
        known = len(self.character_at)
        if begin == end == known:  # before trimming, theirs stays in bytes; behind it, not
            return tuple(theirs) in ((known, known), (self.num_characters, self.num_characters))
        return self.convert(begin, end) == tuple(theirs)

    def convert(self, begin, end):
        """As their BytesToCharOffsetConverter."""
        known = len(self.character_at)
        if end < known:
            return self.character_at[begin], self.character_at[end]
        last = self.character_at[end - 1] if 0 < end <= known else self.character_at[begin] + 1
        return self.character_at[begin], last + 1


def streamed(tokenizer, ids):
    stream = DecodeStream(skip_special_tokens=False)
    parts = [stream.step(tokenizer, token) for token in ids]
    return "".join(part for part in parts if part is not None)


def same_token(mine, token, number, tokenizer):
    """For added and unknown tokens Hugging Face's encoding has the text in their place instead."""
    if mine != tokenizer.id_to_token(number):
        return False
    unknown = tokenizer.model.token_to_id(getattr(tokenizer.model, "unk_token", None) or "<unk>")
    return mine == token or number == unknown or number in tokenizer.get_added_tokens_decoder()


def differences(tokenizer, text, ours):
    """The names of what differs for one string."""
    theirs = tokenizer.encode(text)
    found = []
    if ours["ids"] != theirs.ids:
        return ["ids"]
    if ours["plain"] != len(tokenizer.encode(text, add_special_tokens=False).ids):
        found.append("plain")
    counts = ByteCounts(text)
    if not all(map(counts.same, ours["offsets"], theirs.offsets)):
        found.append("offsets")
    if not all(map(same_token, ours["tokens"], theirs.tokens, theirs.ids, itertools.repeat(tokenizer))):
        found.append("tokens")
    if ours["decoded"] != tokenizer.decode(theirs.ids, skip_special_tokens=False):
        found.append("decoded")
    if ours["skipped"] != tokenizer.decode(theirs.ids, skip_special_tokens=True):
        found.append("skipped")
    if ours["streamed"] is not None and not ours["streamed"].startswith(streamed(tokenizer, theirs.ids)):
        found.append("streamed")
    return found


def compare(program, path, tokenizer, texts):
    """How many of the texts differ; the first ones are shown."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        lines.write("".join(json.dumps(text) + "\n" for text in texts))
        lines.flush()
        with subprocess.Popen([program, "encode", path, lines.name], stdout=subprocess.PIPE, text=True) as ours:
            num_different = 0
            for text in texts:
                line = ours.stdout.readline()
                if not line:
                    raise SystemExit(f"{program} stopped at {text[:200]!r}")
                try:
                    found = differences(tokenizer, text, json.loads(line))
                except BaseException as panic:
                    if type(panic).__name__ != "PanicException":
                        raise
                    found = []  # a bug of theirs, such as an added token whose normal form is empty
                num_different += bool(found)
                if found and num_different <= MAX_SHOWN:
                    print(f"  {', '.join(found)}: {text[:200]!r}")
    return num_different


def classes(arguments, tokenizer):
    """(name, texts) for each class of texts."""
    specials = [token.content for token in tokenizer.get_added_tokens_decoder().values()][:300]
    count = arguments.strings
    yield "fuzzed", comparison_texts.fuzzed(count, arguments.seed, specials)
    yield "every character", comparison_texts.every_character(1 if count >= 10_000 else 97)
    yield "runs", comparison_texts.runs()
    yield "source code", comparison_texts.source_code(None if count >= 10_000 else 40)
    if arguments.chats:
        yield "chats", comparison_texts.chats(arguments.chats, 134_688 if count >= 10_000 else 2_000)
    if arguments.long:
        yield "1 MB documents", comparison_texts.long_documents(arguments.seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--strings", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_260)
    parser.add_argument("--only", nargs="*", default=npm_tokenizers.NAMES)
    parser.add_argument("--folder", nargs="*", default=[], type=pathlib.Path)
    parser.add_argument("--chats")
    parser.add_argument("--long", action="store_true")
    arguments = parser.parse_args()
    folders = [npm_tokenizers.folder_of(name) for name in arguments.only] + arguments.folder
    total = different = 0
    for folder in folders:
        path = folder / "tokenizer.json"
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        for name, texts in classes(arguments, tokenizer):
            found = compare(arguments.program, str(path), tokenizer, texts)
            print(f"{folder.name}: {name}: {len(texts)} strings, {found} differ", flush=True)
            total += len(texts)
            different += found
    print(f"seed {arguments.seed}: {total} strings compared, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
