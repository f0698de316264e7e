#!/usr/bin/env bash
# Makes .venv-reference: Transformers, PEFT, datasets, MosaicML Streaming, the clients of Google Cloud and S3 and
# what they need, beside the torch and pyarrow of .venv, which it borrows.
# Tests and benchmarks compare with them; no user needs it. Safe to repeat. Usage: scripts/reference_environment.sh
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=tests/reference/requirements.txt
cmp -s $requirements .venv-reference/requirements.txt && exit 0
scripts/setup.sh --no-build
echo "reference: making .venv-reference"
python3 -m venv .venv-reference
site=$(echo .venv-reference/lib/python3*/site-packages)
torch=$(.venv/bin/python -c 'import importlib.metadata; print(importlib.metadata.version("torch"))')
(cd .venv/lib/python3*/site-packages && pwd) > "$site/torch-of-venv.pth"
# The constraint makes pip fail rather than install a second torch.
echo "torch==$torch" > .venv-reference/constraints.txt
.venv-reference/bin/pip install -q --disable-pip-version-check -c .venv-reference/constraints.txt -r $requirements
# Alone: of its dependencies only those of the clients above are needed to read and list custom jobs.
.venv-reference/bin/pip install -q --disable-pip-version-check --no-deps google-cloud-aiplatform==2.7.0
# Alone: it wants torchvision and every cloud's SDK, which reading and writing shards does not.
.venv-reference/bin/pip install -q --disable-pip-version-check --no-deps mosaicml-streaming==0.13.0
[ ! -e "$site/torch" ] || { echo "reference: pip installed a second torch into $site" >&2; exit 1; }
cp $requirements .venv-reference/requirements.txt
