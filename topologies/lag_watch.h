#pragma once

#include "headroom/topology.h"
#include "operators/lag_watch_params.h"
#include "topologies/lag_observers.h"

namespace headroom {

// Lag samples and ticks in; alerts (topic `params.alert_topic`) and scale commands (`params.action_topic`) out.
Topology lag_watch(const LagWatchParams& params, TopologyOptions options = {}, LagObservers observe = {});

}  // namespace headroom
