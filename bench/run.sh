#!/usr/bin/env bash
# Headroom, Kafka Streams, Flink and a plain loop at the same job on the same broker and data; what each of them is stands in bench/peers/README.md.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
