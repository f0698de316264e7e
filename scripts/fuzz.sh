#!/usr/bin/env bash
# Builds fuzz targets with the address and undefined-behaviour sanitizers and runs each for a while. A crash leaves the
# input that made it in build/fuzz and ends the script.
# Usage: scripts/fuzz.sh SECONDS [COMPONENT…]   (default: all; components as in tests/fuzz/CMakeLists.txt)
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(recipe weights text storage hub data export model run backends tcp)

cmake --preset fuzz > /dev/null
for component in "${targets[@]}"; do
  cmake --build --preset fuzz --target "fuzzers_$component"
  for program in build/fuzz/tests/fuzz/"$component"/*_fuzz; do
    if ! "$program" -max_total_time="$seconds" -max_len=65536 -timeout=10 -artifact_prefix="$program." \
      > "$program.log" 2>&1; then
      tail -40 "$program.log"
      exit 1
    fi
    echo "$(basename "$program"): $(tail -1 "$program.log")"
  done
done
