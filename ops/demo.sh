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
build=$root/build/demo
log=$root/build/demo-build.log
mkdir -p "$root/build"
failed() {
  [[ -t 1 ]] || tail -30 "$log" >&2
  printf 'demo: the build failed; see above and %s\n' "$log" >&2
  exit 3
}
printf 'demo: building Headroom with this machine'"'"'s vector instructions; the first time takes some minutes\n' >&2
cmake --preset native -S "$root" -B "$build" -DHEADROOM_TESTS=OFF -DHEADROOM_BENCH=OFF >"$log" 2>&1 || { tail -30 "$log" >&2; failed; }
if [[ -t 1 ]]; then ninja -C "$build" headroom || failed; else ninja -C "$build" headroom >>"$log" 2>&1 || failed; fi
exec "$build/headroom" demo "$@"
