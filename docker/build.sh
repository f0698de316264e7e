#!/usr/bin/env bash
# The image's build stage: `packages` installs what a build needs, `programs` builds temper and temper-trainer and collects
# what runs. Usage: docker/build.sh packages|programs cpu|cuda
set -euo pipefail
step=$1 device=$2
case $device in
  cpu) preset=release options=() ;;
  cuda) preset=cuda options=(--cuda) ;;
  *)
    echo "build.sh: DEVICE is cpu or cuda, not '$device'" >&2
    exit 2
    ;;
esac
case $step in
  packages)
    scripts/setup.sh --no-build "${options[@]}"
    apt-get install -y --no-install-recommends patchelf
    ;;
  programs)
    cmake --preset $preset
    cmake --build --preset $preset --target temper temper-trainer temper_parquet
    docker/collect.sh build/$preset /opt/temper
    ;;
esac
