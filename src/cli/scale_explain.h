#pragma once

#include <string>
#include <vector>

#include "cli/lag_board.h"

namespace headroom {

// What came of looking at how many consumers a group needs: why it holds, or what is asked for, as one sentence. Pure. The rules are those
// of LagScaling.
std::string scale_reason(const ScaleAssessment& assessment);

// What the group has and needs, the sum that says so, and the reason.
std::vector<std::string> scale_lines(const ScaleAssessment& assessment);

// The same of a group that is scaled, as one JSON object on one line; null for what is not known.
std::string scale_json(const LagGroupRow& row);

}  // namespace headroom
