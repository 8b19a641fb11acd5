#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "headroom/status.h"

namespace headroom {

// A topic as the cluster has it. Settings that the cluster does not tell (no right to ask, an embedded broker) are empty or -1.
struct TopicState {
  std::string topic;
  int partitions = 0;  // 0: there is none
  int replication = 0;
  std::string cleanup_policy;
  int64_t retention_ms = -1;
  int64_t retention_bytes = -1;
  int min_insync_replicas = -1;
  bool settings_known = false;

  bool compacted() const { return cleanup_policy.find("compact") != std::string::npos; }
};

Result<std::vector<TopicState>> describe_topics(const KafkaConfig& config, std::span<const std::string> topics, int timeout_ms);

// Makes topics with config.partitions, replication (0: min(3, brokers)), min.insync.replicas=2 from three replicas on, retention_ms unless
// -1, cleanup.policy=delete. One that exists already is left as it is.
Status create_topics(const KafkaConfig& config, std::span<const std::string> topics, int timeout_ms);

// What a worker needs to know of its topics before it starts. With `create`, output topics that are missing are made; the input topic
// never. kNotFound: a topic is missing. What is allowed but dangerous (a compacted input, few replicas) is logged as a warning, each thing
// once.
Status check_topics(const KafkaConfig& config, const std::string& input, std::span<const std::string> outputs, bool create, int timeout_ms);

}  // namespace headroom
