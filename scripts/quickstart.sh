#!/usr/bin/env bash
# From nothing to a fine-tuned model: sets the machine up, makes chats about Temper's recipe keys, trains an adapter
# for SmolLM2-135M-Instruct on them and shows the loss on held-out questions before and after.
# Usage: scripts/quickstart.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
scripts/fetch_quickstart_model.sh
temper=build/release/bin/temper
$temper recipe reference --json | python3 scripts/make_quickstart_data.py data/quickstart
$temper run recipes/quickstart.yaml
