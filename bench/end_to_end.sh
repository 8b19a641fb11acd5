#!/usr/bin/env bash
# Records per CPU-second of a worker on real Kafka and Redis, exactly once, beside what librdkafka alone takes for the same records.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/end_to_end.py" "$@"
