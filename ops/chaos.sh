#!/usr/bin/env bash
# Kills workers, Kafka and Redis at random moments under load, then proves from the topics that nothing was lost, doubled or torn.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${HEADROOM_BIN:=$root/build/release/headroom}"
if [[ ! -x $HEADROOM_BIN ]]; then
  bash "$root/ops/install.sh" >&2
  cmake --preset release -S "$root" -B "$root/build/release" >/dev/null
  ninja -C "$root/build/release" headroom >&2
fi
export HEADROOM_BIN
exec python3 "$root/ops/chaos.py" "$@"
