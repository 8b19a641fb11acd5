#!/usr/bin/env bash
# What a release must survive, on real servers; ops/chaos.sh does the work.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HEADROOM_BIN=$1 bash "$root/ops/chaos.sh" --dir "$2" --seed 20261122 --kills 20 --stops 5 --terms 2 --kafka-restarts 2 --redis-restarts 2 \
  --redis-away 60 --flushes 2 --workers 3
code=$?
if [[ $code == 3 && -z ${HEADROOM_REQUIRE_KAFKA:-} ]]; then
  echo "skipped: no Kafka or Redis could be started here (see above); HEADROOM_REQUIRE_KAFKA=1 makes that a failure"
  exit 77
fi
exit $code
