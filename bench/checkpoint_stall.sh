#!/usr/bin/env bash
# What checkpoints of a million changing keys to a real Redis cost the loop.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/checkpoint_stall.py" "$@"
