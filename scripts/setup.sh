#!/usr/bin/env bash
# Makes a Debian 12 machine ready and builds Temper. Safe to repeat: what is there already is left alone.
# Usage: scripts/setup.sh [--no-build] [--test-tools] [--cuda]
#   --no-build    packages and the virtual environment only
#   --cuda        for GPUs: LibTorch with CUDA and NCCL in .venv-cuda (2.2 GB to fetch, 5 GB on disk), built into build/cuda;
#                 needs neither a CUDA toolkit nor a GPU
#   --test-tools  also what scripts/test.sh needs: clang, clang-format, clang-tidy, qemu-user, npm, Slurm, kubectl, zsh,
#                 fish, debootstrap
set -euo pipefail
cd "$(dirname "$0")/.."

build=yes
test_tools=no
preset=release
environment=.venv
requirements=scripts/requirements.txt
packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates python3 python3-venv
  libopenmpi-dev openmpi-bin openssh-client
  libyaml-cpp-dev libfmt-dev libspdlog-dev libcli11-dev nlohmann-json3-dev libsimdjson-dev
  libonig-dev libutf8proc-dev libssl-dev libcurl4-openssl-dev libpugixml-dev zlib1g-dev libzstd-dev
  libbrotli-dev libbz2-dev libsnappy-dev libxxhash-dev
  libgtest-dev libgmock-dev
)
for argument in "$@"; do
  case $argument in
    --no-build) build=no ;;
    --cuda)
      preset=cuda
      environment=.venv-cuda
      requirements=scripts/requirements-cuda.txt
      ;;
    --test-tools)
      test_tools=yes
      packages+=(clang clang-format clang-tidy qemu-user valgrind)
      packages+=(slurmctld slurmd slurm-client munge iproute2)  # a real Slurm of two nodes on this machine
      packages+=(zsh fish)      # whose completions are tried
      packages+=(debootstrap)  # the image's steps run in a Debian of its own
      command -v kubectl > /dev/null || packages+=(kubernetes-client)
      command -v npm > /dev/null || packages+=(npm)  # may be there from elsewhere
      ;;
    *)
      echo "setup.sh: unknown option $argument; the options are --no-build, --test-tools and --cuda" >&2
      exit 2
      ;;
  esac
done

install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "setup: installing ${missing[*]}"
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" \
    > /dev/null
}

# The environment holds LibTorch (headers and libraries of the torch wheel) and nothing of ours.
make_environment() {
  cmp -s $requirements $environment/requirements.txt && return 0
  echo "setup: making $environment with $(tr '\n' ' ' < $requirements)"
  python3 -m venv $environment
  $environment/bin/pip install -q --disable-pip-version-check -r $requirements
  cp $requirements $environment/requirements.txt
}

install_packages "${packages[@]}"
if [ "$test_tools" = yes ]; then
  install_packages "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"  # sanitizers and libFuzzer; named by version
fi
make_environment
if [ "$build" = yes ]; then
  echo "setup: building into build/$preset"
  cmake --preset $preset
  cmake --build --preset $preset
fi
