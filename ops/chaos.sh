#!/usr/bin/env bash
# Strikes workers, Kafka, Redis and the network between them under load, then proves from the topics that nothing was lost, doubled or torn.
#
#   ops/chaos.sh --list                    the faults, and what is promised when each strikes
#   ops/chaos.sh                           five minutes of the usual ones; --help names the profiles and every option
#   ops/chaos.sh --profile thousand        1,000 SIGKILLs beside 100 restarts of each server
#   ops/chaos.sh --faults kill=20,poison   these, and no others
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${HEADROOM_BIN:=$root/build/release/headroom}"
if [[ ! -x $HEADROOM_BIN && ! " $* " =~ \ (--list|--help|-h)\  ]]; then
  bash "$root/ops/install.sh" >&2
  cmake --preset release -S "$root" -B "$root/build/release" >/dev/null
  ninja -C "$root/build/release" headroom >&2
fi
export HEADROOM_BIN
exec python3 -B "$root/ops/chaos" "$@"
