#pragma once

#include "config/config.h"
#include "headroom/status.h"

namespace headroom {

// Makes the lag topic with `create`, and sees that it is there. kNotFound: it is not. kUnavailable, kTimeout: brokers do not answer yet.
Status prepare_lag_topic(const Config& config, bool create);

}  // namespace headroom
