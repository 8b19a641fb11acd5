#include "topologies/lag_watch.h"

#include <utility>

#include "headroom/codec.h"
#include "headroom/lag_codec.h"
#include "operators/lag_follow.h"
#include "operators/lag_groups.h"
#include "operators/lag_partitions.h"
#include "operators/lag_scaling.h"
#include "topologies/lag_detectors.h"

namespace headroom {

Topology lag_watch(const LagWatchParams& params, TopologyOptions options, LagObservers observe) {
  Topology topology("lag_watch", std::move(options));
  auto partitions = from<LagEvent>(topology, params.topic, [] { return make_lag_decoder(); })
                        .then("source", LagFollow())
                        .then("partitions", LagPartitions(params.judging));
  if (observe.partition) partitions = partitions.observe("partition standings", std::move(observe.partition));
  auto groups = partitions.then("groups", LagGroups());
  if (observe.group) groups = groups.observe("group standings", std::move(observe.group));
  if (!params.scaling.groups.empty()) {
    auto scaling = groups.then("scaling", LagScaling(params.scaling));
    if (observe.scaling) scaling = scaling.observe("scale assessments", std::move(observe.scaling));
    scaling.map("scale commands", scale_command_of).to(params.action_topic, encode_scale);
  }
  add_lag_detectors(partitions, detectors_of(params), params.alert_topic);
  return topology;
}

}  // namespace headroom
