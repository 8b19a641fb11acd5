#pragma once

#include <functional>

#include "headroom/lane_identity.h"
#include "headroom/topology.h"
#include "operators/load_assessment.h"
#include "operators/predictive_scaling_params.h"

namespace headroom {

// Sees every forecast, decision and refused sample as it is computed, in replays too; for metrics and live views. Called on the task's
// thread; views are valid during the call.
using ObserveLoad = std::function<void(const LaneIdentity&, const LoadOutput&)>;

// Samples and ticks in; scale commands and forecasts out. See operators/predictive_scaling.h for the rules.
Topology predictive_scaling(const PredictiveScalingParams& params, TopologyOptions options = {}, const ObserveLoad& observe = nullptr);

}  // namespace headroom
