#pragma once

#include <string>
#include <vector>

#include "headroom/topology.h"
#include "operators/lag_detector_params.h"
#include "operators/lag_standing.h"

namespace headroom {

// Each detector's branch of a stream of standings, to alerts on `alert_topic`: select, detect, attribute. Its states are in the stores
// detector.NAME and attribution.NAME.
void add_lag_detectors(const Pipe<LagStanding>& standings, const std::vector<LagDetectorParams>& detectors, const std::string& alert_topic);

}  // namespace headroom
