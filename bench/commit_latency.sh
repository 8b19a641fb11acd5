#!/usr/bin/env bash
# At a steady rate on real Kafka and Redis: how long commits take, and how long a sample waits for its committed command.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/commit_latency.py" "$@"
