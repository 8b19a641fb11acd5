#!/usr/bin/env bash
# How right the times of a lag source are, against a real broker: a line a scenario. The argument is how many records it may read in a cycle.
# Needs the release build; uses the broker of ops/cluster.sh, which it starts where it does not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. <("$root/ops/cluster.sh" start --only kafka)
export HEADROOM_KAFKA
exec "$root/build/release/bench/lag_exactness" "$@"
