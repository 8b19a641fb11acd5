#pragma once

#include <string>

#include "headroom/scale.h"

namespace headroom::codec {

// The sentence that tells a person why a scale command was decided: "gets 4000.0 records/s and has 240000 to catch up within 10m; one
// consumer reads 1000.0/s: 5 are needed, it has 1". What the limits held back is said: "...; 3 can have a partition".
std::string scale_message(const ScaleAction& action);

}  // namespace headroom::codec
