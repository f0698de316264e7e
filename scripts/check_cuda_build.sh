#!/usr/bin/env bash
# Builds the whole of Temper and its tests against the torch wheel with CUDA, on any machine, and runs what runs without
# a driver: versions, the refusal of a machine without a GPU, the fast tests of the trainer.
# Usage: scripts/check_cuda_build.sh
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "check_cuda_build: $*" >&2; exit 1; }

scripts/setup.sh --cuda
trainer=build/cuda/bin/temper-trainer

version=$($trainer --version)
echo "$version"
[[ $version =~ CUDA\ 13\.[0-9]+,\ NCCL\ 2\.[0-9]+\.[0-9]+ ]] || fail "--version names no CUDA and NCCL: $version"

# Loaded, it registers the GPU's kernels; the linker drops libraries of which no symbol is used.
libraries=$(ldd $trainer)  # not piped: grep -q would leave ldd without a reader, which pipefail takes for a failure
[[ $libraries == *libtorch_cuda* ]] || fail "temper-trainer does not load libtorch_cuda"

gpus=$($trainer --check-gpus 1 2>&1) && code=0 || code=$?
echo "$gpus"
if compgen -G '/dev/nvidia[0-9]*' > /dev/null; then
  [ $code = 0 ] || fail "this machine has a GPU, but --check-gpus ended with $code"
else
  [ $code = 2 ] || fail "--check-gpus ended with $code where there is no GPU; 2 was expected"
  [[ $gpus == *"no CUDA device"* ]] || fail "--check-gpus does not say that there is no CUDA device"
fi

ctest --test-dir build/cuda --output-on-failure -L fast -j 2
