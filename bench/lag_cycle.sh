#!/usr/bin/env bash
# What a cycle of the lag source takes, and what it costs a real broker, beside the requests of other exporters.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/lag_cycle.py" "$@"
