#!/usr/bin/env bash
# What scripts/test.sh leaves out for time: clang-tidy, sanitizer builds of core and launcher, fuzzing, the slow
# tests. Usage: scripts/test_slow.sh   (after scripts/test.sh)
set -euo pipefail
cd "$(dirname "$0")/.."

stage() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

# core/ and launcher/ with a sanitizer, and their fast tests.
sanitized() {
  cmake --preset "$1"
  cmake --build --preset "$1" --target "${@:2}"
  ctest --test-dir "build/$1" --output-on-failure -L fast -j "$(nproc)"
}

# A crash leaves the input that made it in build/fuzz and ends the script.
fuzzed() {
  cmake --preset fuzz
  cmake --build --preset fuzz --target fuzzers
  local target
  for target in build/fuzz/tests/fuzz/*_fuzz; do
    if ! "$target" -max_total_time=5 -max_len=65536 -timeout=10 -artifact_prefix="$target." > "$target.log" 2>&1; then
      tail -40 "$target.log"
      return 1
    fi
    echo "$(basename "$target"): $(tail -1 "$target.log")"
  done
}

stage "clang-tidy"
scripts/check_tidy.sh

stage "address and undefined behaviour sanitizers"
sanitized asan all

stage "thread sanitizer"
sanitized tsan core_data_test core_storage_test launcher_backends_test

stage "fuzzing"
fuzzed

stage "the slow tests"
ctest --test-dir build/release --output-on-failure -L slow
