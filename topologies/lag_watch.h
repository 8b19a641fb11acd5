#pragma once

#include <functional>

#include "headroom/lane_identity.h"
#include "headroom/topology.h"
#include "operators/lag_group_standing.h"
#include "operators/lag_standing.h"
#include "operators/lag_watch_params.h"

namespace headroom {

// See what lag_watch judged as it is computed, in replays too; for metrics and live views. Called on the task's thread; views are valid
// during the call. Either may be empty.
struct LagObservers {
  std::function<void(const LaneIdentity&, const LagStanding&)> partition;
  std::function<void(const LaneIdentity&, const LagGroupStanding&)> group;
};

// Lag samples and ticks in; alerts (topic `params.alert_topic`) and scale commands (`params.action_topic`) out.
Topology lag_watch(const LagWatchParams& params, TopologyOptions options = {}, LagObservers observe = {});

}  // namespace headroom
