#!/usr/bin/env bash
# Sets the machine up, checks the format and runs every test but the slow ones; ends with ctest's summary.
# Sanitizers, all fuzzers and clang-tidy: scripts/test_slow.sh. Usage: scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

stage() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

stage "set-up and release build"
scripts/setup.sh --test-tools
scripts/reference_environment.sh

stage "format"
scripts/check_format.sh

stage "fuzzing tokenizers and templates for a moment"
scripts/fuzz.sh 5 text

stage "all but the slow tests"
cmake --preset release > /dev/null  # the reference environment is there now
ctest --test-dir build/release --output-on-failure -LE slow -j "$(nproc)"
