#include "kafka/group_offsets.h"

#include "kafka/probe.h"
#include "kafka/topic_reader.h"

namespace headroom {

Result<std::vector<Committed>> group_offsets(const KafkaConfig& config, const std::string& group, const std::string& topic,
                                             int timeout_ms) {
  const auto bounds = topic_bounds(config, topic, timeout_ms);
  if (!bounds) return bounds.status();
  std::vector<Partition> partitions;
  for (const auto& one : *bounds) partitions.push_back(one.partition);
  auto probe = GroupProbe::make(config, group, topic);
  if (!probe) return probe.status();
  return (*probe)->committed(partitions, timeout_ms);
}

}  // namespace headroom
