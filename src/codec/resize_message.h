#pragma once

#include <string>

#include "headroom/action.h"

namespace headroom::codec {

// The sentence that tells a person why a resize was decided: "reserves 1.39 cores more than it uses (1 h mean); the band ends at 0.60".
std::string resize_message(const ResizeAction& action);

}  // namespace headroom::codec
