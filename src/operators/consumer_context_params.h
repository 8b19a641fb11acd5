#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

class SettingVisitor;

// The target whose samples tell how the consumers of a group do.
struct ConsumerTarget {
  std::string target;     // cluster/namespace/kind/name, as samples have it
  std::string container;  // empty: all of the target's
  std::string cluster;    // of Kafka, as lag samples have it
  std::string group;
  std::string key = "none/none";  // of the group's lag records: what lag_source's key template gives for its labels
};

struct ConsumerContextParams {
  std::string topic = "headroom.samples";
  std::string lag_topic = "headroom.lag";
  std::string host_metric;  // empty: none
  int64_t interval_ms = 60'000;
  std::vector<ConsumerTarget> targets;
};

void declare(SettingVisitor& visitor, ConsumerContextParams& params);

}  // namespace headroom
