"""The rules that sources keep: which folder may include which, and how large things may be.

Each rule takes a path (from the repository's root, with '/') and the lines of the file, and yields
messages "path:line: what is wrong".
"""
import re

# Folder -> the folders it may include besides itself. The arrows of docs/architecture.md.
BASE = {"core/base"}
CORE = BASE | {"core/http", "core/recipe", "core/storage", "core/weights", "core/text"}
ALL_CORE = CORE | {"core/hub", "core/model", "core/data", "core/run", "core/export"}
TRAINER_BASE = ALL_CORE | {"trainer/device", "trainer/comm", "trainer/model"}
ALLOWED = {
    "core/base": set(),
    "core/recipe": BASE,
    "core/http": BASE,
    "core/storage": BASE | {"core/http"},
    "core/hub": BASE | {"core/http", "core/storage", "core/run"},
    "core/weights": BASE,
    "core/text": BASE | {"core/recipe", "core/storage", "core/weights"},
    "core/model": CORE,
    "core/data": CORE,
    "core/run": BASE | {"core/http", "core/storage"},
    "core/export": CORE | {"core/model", "core/run"},
    "trainer/device": BASE,
    "trainer/comm": {"core/base", "core/run", "trainer/device"},
    "trainer/model": ALL_CORE | {"trainer/device"},
    "trainer/checkpoint": TRAINER_BASE,
    "trainer/train": TRAINER_BASE | {"trainer/checkpoint"},
    "trainer": TRAINER_BASE | {"trainer/checkpoint", "trainer/train"},
    "launcher/plan": ALL_CORE,
    "launcher/backends": ALL_CORE | {"launcher/plan"},
    "launcher/doctor": ALL_CORE | {"launcher/plan", "launcher/backends"},
    "launcher/cli": ALL_CORE | {"launcher/plan", "launcher/backends", "launcher/doctor"},
    "launcher": ALL_CORE | {"launcher/plan", "launcher/backends", "launcher/cli"},
}
MAX_LINES = 500
MAX_FUNCTION_LINES = 80

OWN_INCLUDE = re.compile(r'#include "((?:core|launcher|trainer)/[^"]+)"')
ANY_INCLUDE = re.compile(r'#include [<"]([^>"]+)[>"]')
TORCH_INCLUDE = re.compile(r"(ATen|torch|c10|caffe2)/")
# These pull in nearly all of LibTorch.
SLOW_INCLUDES = {"torch/torch.h", "torch/all.h", "torch/extension.h", "ATen/ATen.h",
                 "ATen/Functions.h"}
# A definition at the margin or in a class: its line ends in '{' and the body is indented below.
FUNCTION_BEGIN = re.compile(r"^( *)(?!.*\b(namespace|class|struct|enum|union)\b)[^/#].*\) ?"
                            r"(const|noexcept|override|final|\s|->.*)*\{$")


def folder_of(path):
    """core/base/hash.h -> core/base; trainer/main.cpp -> trainer."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def check_arrows(path, lines):
    folder = folder_of(path)
    if folder not in ALLOWED:
        if folder.split("/")[0] in ("core", "launcher", "trainer"):
            yield f"{path}:1: folder {folder} has no place in the table of arrows"
        return
    for number, line in enumerate(lines, 1):
        match = OWN_INCLUDE.match(line)
        if not match:
            continue
        target = folder_of(match.group(1))
        if target != folder and target not in ALLOWED[folder]:
            yield f"{path}:{number}: {folder} must not include {target}"


def check_torch(path, lines):
    top = path.split("/")[0]
    for number, line in enumerate(lines, 1):
        match = ANY_INCLUDE.match(line)
        if not match:
            continue
        included = match.group(1)
        if included in SLOW_INCLUDES:
            yield f"{path}:{number}: {included} takes half a minute; include ATen/ops/<op>.h"
        elif TORCH_INCLUDE.match(included) and path.endswith(".h"):
            # The precompiled header exists to hold them.
            if not path.endswith("_pch.h") and not path.endswith("precompiled.h"):
                yield f"{path}:{number}: no torch in headers: forward-declare at::Tensor"
        elif TORCH_INCLUDE.match(included) and top in ("core", "launcher"):
            yield f"{path}:{number}: {top} is free of torch"
        elif included == "mpi.h" and (path.endswith(".h") or not path.startswith("trainer/comm/")):
            yield f"{path}:{number}: MPI is known to the sources of trainer/comm only"


def check_size(path, lines):
    if len(lines) > MAX_LINES:
        yield f"{path}:{MAX_LINES + 1}: {len(lines)} lines; {MAX_LINES} are allowed"


def check_functions(path, lines):
    """A function ends at the '}' that stands where its first line began."""
    number = 0
    while number < len(lines):
        match = FUNCTION_BEGIN.match(lines[number])
        if match and len(match.group(1)) <= 2 and not match.group(0).lstrip().startswith(
                ("if ", "for ", "while ", "switch ", "}")):
            begin = number
            while number + 1 < len(lines) and not lines[number].startswith(match.group(1) + "}"):
                number += 1
            if number - begin + 1 > MAX_FUNCTION_LINES:
                yield (f"{path}:{begin + 1}: a function of {number - begin + 1} lines; "
                       f"{MAX_FUNCTION_LINES} are allowed")
        number += 1


def check_pragma(path, lines):
    if path.endswith(".h") and (not lines or lines[0] != "#pragma once"):
        yield f"{path}:1: a header starts with #pragma once"


RULES = [check_arrows, check_torch, check_size, check_functions, check_pragma]


def check(path, text):
    """All messages for one file."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return [message for rule in RULES for message in rule(path, lines)]
