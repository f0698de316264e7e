#!/usr/bin/env python3
"""Holds the rules of architecture_rules.py against every source of the repository."""
import pathlib
import sys

import architecture_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("core", "launcher", "trainer", "tests", "bench")
ENDINGS = (".h", ".cpp", ".py")


def main():
    sources = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
                     if path.suffix in ENDINGS)
    if len(sources) < 100:
        sys.exit(f"only {len(sources)} sources under {ROOT}: is this the repository?")
    messages = []
    for path in sources:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            messages += list(architecture_rules.check_size(name, text.splitlines()))
        else:
            messages += architecture_rules.check(name, text)
    for message in messages:
        print(message)
    print(f"{len(sources)} sources, {len(messages)} offences")
    sys.exit(1 if messages else 0)


if __name__ == "__main__":
    main()
