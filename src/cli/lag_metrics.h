#pragma once

#include <string>
#include <vector>

#include "http/lag_families.h"
#include "topologies/lag_observers.h"

namespace headroom {

// What lag_watch judges, told to its metrics. Partitions of groups that fit one of `whole_groups` (policy/name_pattern.h) are always
// shown.
LagObservers lag_metrics_observers(LagFamilies& families, std::vector<std::string> whole_groups);

}  // namespace headroom
