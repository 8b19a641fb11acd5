#!/usr/bin/env bash
# Builds Headroom and shows it on parts of its own: a made-up fleet, Kafka in memory, Redis, workers of which one is killed, and the proof.
#
#   ops/demo.sh            until Ctrl-C, then checks
#   ops/demo.sh --quick    ends by itself within a minute after the build; exit 0: nothing lost, nothing doubled
#   ops/demo.sh --help     the other options
set -euo pipefail
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/ops/install.sh" --build-only >&2
mkdir -p "$root/build"
log=$root/build/demo-build.log
printf 'demo: building Headroom (some minutes the first time; output in %s)\n' "$log" >&2
if ! { cmake --preset native -S "$root" -B "$root/build/native" -DHEADROOM_TESTS=OFF -DHEADROOM_BENCH=OFF && ninja -C "$root/build/native" headroom; } >"$log" 2>&1; then
  tail -30 "$log" >&2
  printf 'demo: the build failed; all of its output is in %s\n' "$log" >&2
  exit 3
fi
exec "$root/build/native/headroom" demo "$@"
