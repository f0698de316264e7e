"""Chats about Debian packages, one a package, out of Debian's own English descriptions (36 MB, 67,000 chats).

Usage: make_debian_chats.py FOLDER   (root: apt-get fetches the descriptions)
Writes FOLDER/train.jsonl and FOLDER/eval.jsonl; the same package lists give the same files.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

LISTS = pathlib.Path("/var/lib/apt/lists")
SHORTEST_DESCRIPTION = 40
HELD_OUT = 512


def records():
    """(package, first line, body) of every description."""
    for path in sorted(LISTS.glob("*_main_i18n_Translation-en*")):
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", path], check=True, stdout=subprocess.PIPE).stdout
        for record in text.decode(errors="replace").split("\n\n"):
            package = re.search(r"^Package: (.*)$", record, re.MULTILINE)
            description = re.search(r"^Description-en: (.*(?:\n .*)*)", record, re.MULTILINE)
            if package and description:
                first, *rest = description.group(1).split("\n")
                body = " ".join("" if line.strip() == "." else line.strip() for line in rest)
                if len(body) >= SHORTEST_DESCRIPTION:
                    yield package.group(1), first, body


def main():
    subprocess.run(["apt-get", "-qq", "-o", "Acquire::Languages=en", "update"], check=True)
    chats = [
        [
            {"role": "user", "content": f"What is the Debian package {package} for?"},
            {"role": "assistant", "content": f"{first}. {body}"},
        ]
        for package, first, body in records()
    ]
    # An order without neighbours of one name, the same on every machine.
    chats.sort(key=lambda chat: hashlib.sha256(chat[0]["content"].encode()).digest())
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("eval", chats[:HELD_OUT]), ("train", chats[HELD_OUT:])):
        lines = (json.dumps({"messages": messages}, ensure_ascii=False) + "\n" for messages in part)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
