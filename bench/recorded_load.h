#pragma once

#include <optional>
#include <string>

#include "policy/load_curve.h"

namespace headroom {

// A recorded load out of a file with a header and two columns: `time_ms,value`, or `YYYY-MM-DD hh:mm:ss,value` (UTC). The step is the time
// between the first two rows; what is missing is filled with the last value. None when the file cannot be read or has fewer than two rows.
std::optional<LoadCurve> read_recorded_load(const std::string& path);

}  // namespace headroom
