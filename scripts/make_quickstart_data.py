"""Chats about Temper's recipe keys, out of the reference that Temper prints itself.

Usage: temper recipe reference --json | make_quickstart_data.py FOLDER

Writes FOLDER/train.jsonl and FOLDER/eval.jsonl. Every fact of a key is asked in several phrasings; one phrasing
of each fact, another from key to key, is kept out of the training data, so that the loss on eval.jsonl falls
only by what was learned about the key. No randomness: the same reference gives the same files.
"""

import json
import pathlib
import sys


def facts(entry, file):
    """Yields (phrasings, answer) for everything that the reference says about a key of a `file`."""
    key = entry["key"]
    yield (
        [
            f"What does `{key}` do in a Temper {file}?",
            f"What is the {file} key `{key}` for?",
            f"Explain `{key}` of a {file}.",
            f"I found `{key}` in a {file}. What does it mean?",
        ],
        f"`{key}`: {entry['help'].rstrip('.')}.",
    )
    if entry["type"]:
        bounds = f", {entry['bounds']}" if entry["bounds"] else ""
        yield (
            [
                f"Which values may `{key}` of a {file} have?",
                f"What can I set `{key}` to in a {file}?",
                f"What type is the {file} key `{key}`?",
            ],
            f"`{key}` takes: {entry['type']}{bounds}.",
        )
    if entry["default"]:
        yield (
            [
                f"What is the default of `{key}` in a {file}?",
                f"What happens if I leave `{key}` out of a {file}?",
                f"Which value does `{key}` have if the {file} doesn't set it?",
            ],
            f"`{key}` has no default: it must be given."
            if entry["default"] == "required"
            else f"Without it, `{key}` is {entry['default']}.",
        )


def chat(question, answer):
    return json.dumps(
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]},
        ensure_ascii=False,
    )


def split(reference):
    """Lines for training and for evaluation."""
    train, held_out = [], []
    for file, entries in (("recipe", reference["recipe"]), ("cluster file", reference["cluster"])):
        for index, entry in enumerate(entries):
            for phrasings, answer in facts(entry, file):
                kept_out = index % len(phrasings)
                for number, question in enumerate(phrasings):
                    (held_out if number == kept_out else train).append(chat(question, answer))
    return train, held_out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in zip(("train", "eval"), split(json.load(sys.stdin))):
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{folder / name}.jsonl: {len(lines)} chats")


if __name__ == "__main__":
    main()
