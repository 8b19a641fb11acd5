#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <vector>

#include "http/metrics.h"

namespace headroom {

// The lanes' gauges as families, each series with the label `lane`.
std::vector<prometheus::MetricFamily> lane_families(const std::map<std::string, LaneGauges>& lanes);

}  // namespace headroom
