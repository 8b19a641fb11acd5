#!/usr/bin/env bash
# How long lanes stand still when a worker dies or leaves, on real Kafka and Redis, with the parts of that time.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/takeover.py" "$@"
