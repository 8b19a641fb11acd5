#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "engine/ports.h"
#include "headroom/status.h"

namespace headroom {

// What a group has last committed of every partition of a topic, whatever transaction is open. Joins nothing. kNotFound: no such topic.
Result<std::vector<Committed>> group_offsets(const KafkaConfig& config, const std::string& group, const std::string& topic, int timeout_ms);

}  // namespace headroom
