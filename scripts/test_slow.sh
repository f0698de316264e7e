#!/usr/bin/env bash
# What scripts/test.sh leaves out for time: clang-tidy, sanitizer builds of core and launcher, fuzzing, instruction
# counts, the slow tests. Usage: scripts/test_slow.sh   (after scripts/test.sh)
set -euo pipefail
cd "$(dirname "$0")/.."

stage() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

# core/ and launcher/ with a sanitizer, and their fast tests.
sanitized() {
  cmake --preset "$1"
  cmake --build --preset "$1" --target "${@:2}"
  ctest --test-dir "build/$1" --output-on-failure -L fast -j "$(nproc)"
}

stage "clang-tidy"
scripts/check_tidy.sh

stage "address and undefined behaviour sanitizers"
sanitized asan all

stage "thread sanitizer"
sanitized tsan core_data_test core_storage_test launcher_backends_test

stage "fuzzing"
scripts/fuzz.sh 5

stage "instruction counts"
cmake --build --preset release --target fixed_work
bench/instruction_counts.py

stage "the slow tests"
ctest --test-dir build/release --output-on-failure -L slow
