#pragma once

#include <functional>

#include "headroom/lane_identity.h"
#include "operators/lag_group_standing.h"
#include "operators/lag_standing.h"
#include "operators/scale_assessment.h"

namespace headroom {

// See what lag_watch judged as it is computed, in replays too; for metrics and live views. Called on the task's thread; views are valid
// during the call. Each may be empty.
struct LagObservers {
  std::function<void(const LaneIdentity&, const LagStanding&)> partition;
  std::function<void(const LaneIdentity&, const LagGroupStanding&)> group;
  std::function<void(const LaneIdentity&, const ScaleAssessment&)> scaling;
};

}  // namespace headroom
