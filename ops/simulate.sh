#!/usr/bin/env bash
# Simulated schedules of the worker's own code over model brokers and stores: crashes between any two steps, zombies, lost answers, stores that
# forget.
#
#   ops/simulate.sh --seeds N [--from S]   prints schedules a second, where crashes fell, and violations with their seeds; exit 1 when there are any
#   ops/simulate.sh --trace SEED           what happens in that one
#   ops/simulate.sh --mutants [--only X]   builds the simulator with known faults in the protocol, one after another: each must be found
#
# HEADROOM_BUILD names the folder to build in (build/).
set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${HEADROOM_BUILD:-$source_dir/build}/release
if [[ $# -eq 0 || ${1:-} == -h || ${1:-} == --help ]]; then sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0; fi
bash "$source_dir/ops/install.sh" >/dev/null
if [[ $1 == --mutants ]]; then
  shift
  exec python3 "$source_dir/tests/simulator/mutants.py" "$@"
fi
cmake --preset release -S "$source_dir" -B "$build" >/dev/null
ninja -C "$build" --quiet simulate
exec "$build/tests/simulate" "$@"
