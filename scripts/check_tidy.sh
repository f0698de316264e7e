#!/usr/bin/env bash
# clang-tidy on core/ and launcher/, with the compile commands of a build folder.
# Usage: scripts/check_tidy.sh [BUILD_FOLDER] [FILE…]   (default: build/release, all files)
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:-build/release}
files=("${@:2}")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'core/*.cpp' 'launcher/*.cpp')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2> /dev/null
echo "clang-tidy: ${#files[@]} files are clean"
