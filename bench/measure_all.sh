#!/usr/bin/env bash
# Every figure of issue 8 in one go, peers included, as markdown on standard output: LoRA beside all modes of the peer and
# with each `memory`, one rank beside two, all weights, a random start, one long sample; then instruction counts.
# Takes about an hour on two cores, which are to do nothing else. Usage: bench/measure_all.sh [STEPS [REPEATS]] > FILE
set -euo pipefail
cd "$(dirname "$0")/.."

steps=${1:-6}
repeats=${2:-1}

compare() {
  printf '\n## %s\n' "$1"
  shift
  python3 bench/compare.py --steps "$steps" --repeats "$repeats" "$@"
}

compare "LoRA" --modes packed,packed-gc,padded,packed-compile
for memory in fast balanced low; do
  compare "LoRA, memory: $memory" --modes "" --memory $memory
done
compare "One rank, two ranks" --modes "" --ranks 1,2
compare "One long sample" --scenario long --modes packed,packed-gc --steps 2
compare "All weights" --scenario full --modes packed,packed-compile
compare "All weights, random start" --scenario random --modes packed,packed-compile
printf '\n## Instructions of the loops\n'
python3 bench/instruction_counts.py
