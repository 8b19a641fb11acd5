#pragma once

#include <functional>

#include "headroom/lane_identity.h"
#include "headroom/topology.h"
#include "operators/assessment.h"
#include "operators/right_sizing_params.h"

namespace headroom {

// Sees every assessment as it is computed, in replays too; for metrics and live views. Called on the task's thread.
using ObserveAssessment = std::function<void(const LaneIdentity&, const Assessment&)>;

// Samples in, resize commands out: topic `params.topic` to `params.action_topic`. `decoder` gives each task's decoder. See
// operators/right_sizing.h for the rules.
Topology right_sizing(const RightSizingParams& params, TopologyOptions options = {}, ObserveAssessment observe = nullptr);

}  // namespace headroom
