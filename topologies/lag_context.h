#pragma once

#include "headroom/topology.h"
#include "operators/consumer_context_params.h"

namespace headroom {

// Samples in, records of kind `context` for lag_watch out: how the consumers of configured groups do for CPU, under the key of the groups'
// lag records, so that they come to the lane that judges them. See operators/consumer_context.h.
Topology lag_context(const ConsumerContextParams& params, TopologyOptions options = {});

}  // namespace headroom
