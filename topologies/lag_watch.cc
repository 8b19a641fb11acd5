#include "topologies/lag_watch.h"

#include <utility>

#include "headroom/lag_codec.h"
#include "operators/lag_follow.h"
#include "operators/lag_groups.h"
#include "operators/lag_partitions.h"

namespace headroom {

Topology lag_watch(const LagWatchParams& params, TopologyOptions options, LagObservers observe) {
  Topology topology("lag_watch", std::move(options));
  auto partitions = from<LagEvent>(topology, params.topic, [] { return make_lag_decoder(); })
                        .then("source", LagFollow())
                        .then("partitions", LagPartitions(params.judging));
  if (observe.partition) partitions = partitions.observe("partition standings", std::move(observe.partition));
  auto groups = partitions.then("groups", LagGroups());
  if (observe.group) groups = groups.observe("group standings", std::move(observe.group));
  return topology;
}

}  // namespace headroom
