#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "headroom/record.h"

namespace headroom {

// One record that a lane gave rise to, with its place in the lane. Becomes a Kafka record with the headers `lane`, `sequence`,
// `input_offset`, `incarnation` and those of `headers`.
struct OutRecord {
  std::string topic;
  std::string key;
  std::string value;
  std::string lane;       // "topology/partition"
  uint64_t sequence = 0;  // contiguous per lane and output topic, from 1
  uint64_t incarnation = 1;
  Offset input_offset = 0;
  int64_t arrival_ms = -1;  // broker timestamp of the input record, for latency metrics
  std::vector<std::pair<std::string, std::string>> headers;

  bool operator==(const OutRecord&) const = default;
};

}  // namespace headroom
