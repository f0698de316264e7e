#!/usr/bin/env bash
# Are all C++ files as .clang-format wants them? Usage: scripts/check_format.sh
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files '*.cpp' '*.h')
clang-format --dry-run --Werror "${files[@]}"
echo "clang-format: ${#files[@]} files are clean"
