#!/bin/bash
# sbatch, squeue, scontrol and scancel, by the name it is called: jobs that wait for ever. FAKE_SLURM is its folder:
#   jobs          "ID NAME COUNT" a line: what waits; COUNT is of elements, 0: no array
#   sent          a line for each job that was taken
#   refuse        sbatch says its text and fails
#   lose_answer   sbatch takes the job, then says its text and fails
#   down          everything says its text and fails
set -eu
cd "$FAKE_SLURM"
touch jobs sent
complain() { cat "$1" >&2; exit 1; }
value() { for word in "$@"; do case $word in "$option"=*) echo "${word#*=}" ;; esac; done; }

program=$(basename "$0")
[ "$program ${1-}" != "sbatch --version" ] || { echo "slurm 22.05.8"; exit 0; }
[ ! -e down ] || complain down
case $program in
  sbatch)
    [ ! -e refuse ] || complain refuse
    [ "$1" != --test-only ] || { echo "sbatch: Job 1 to start at 2026-12-01T08:00:00" >&2; exit 0; }
    id=$((41 + $(wc -l < sent)))
    name=$(sed -n 's/^#SBATCH --job-name=//p' "$2")
    last=$(sed -n 's/^#SBATCH --array=0-//p' "$2")
    echo "$id $name $((${last:--1} + 1))" | tee -a jobs >> sent
    [ ! -e lose_answer ] || complain lose_answer
    echo "$id"
    ;;
  squeue)
    option=--name name=$(value "$@")
    [ -z "$name" ] || awk -v name="$name" '$2 == name { print $1 }' jobs
    option=--jobs job=$(value "$@")
    [ -z "$job" ] || ! grep -q "^${job%_*} " jobs || echo "PENDING|Resources"
    ;;
  scontrol)
    echo "slurm_load_jobs error: Invalid job id specified" >&2
    exit 1
    ;;
  scancel)
    sed -i "/^$1 /d" jobs
    ;;
esac
