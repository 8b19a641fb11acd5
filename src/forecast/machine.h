#pragma once

#include "headroom/status.h"

namespace headroom {

// Whether this machine can run the forecasters at all: they are compiled for one level of the processor so that their bits do not depend on
// it. kUnavailable with what is missing.
[[nodiscard]] Status machine_can_forecast();

}  // namespace headroom
