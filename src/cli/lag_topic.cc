#include "cli/lag_topic.h"

#include <string>

#include "base/concat.h"
#include "kafka/topics.h"

namespace headroom {
namespace {

constexpr int kTopicMs = 10'000;

}  // namespace

Status prepare_lag_topic(const Config& config, bool create) {
  const std::string topics[] = {config.lag_source.topic};
  const auto described = describe_topics(config.kafka, topics, kTopicMs);
  if (!described) return described.status();
  if (described->front().partitions > 0) return Status::ok();
  if (!create)
    return Status(Code::kNotFound, concat("the lag topic ", topics[0], " does not exist: make it, or start with --create-topics"));
  KafkaConfig kafka = config.kafka;
  kafka.partitions = config.lag_source.partitions;
  return create_topics(kafka, topics, kTopicMs);
}

}  // namespace headroom
