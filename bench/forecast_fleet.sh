#!/usr/bin/env bash
# The CPU that forecasting and scaling many targets takes on real Kafka and Redis, exactly once.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/forecast_fleet.py" "$@"
