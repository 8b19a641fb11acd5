#include "cli/sample_topic.h"

#include <utility>

#include "base/concat.h"
#include "headroom/lag_codec.h"
#include "kafka/client.h"
#include "kafka/topics.h"

namespace headroom {
namespace {

constexpr int kTopicMs = 10'000;
constexpr int64_t kFindAgainMs = 60'000;

SampleTopicOptions with_patience(SampleTopicOptions options) {
  options.kafka.producer_properties.insert({{"message.timeout.ms", std::to_string(options.patience_ms)}});
  return options;
}

}  // namespace

bool is_final(const Status& status) {
  return status.code() == Code::kNotFound || status.code() == Code::kDenied || status.code() == Code::kInvalid;
}

SampleTopic::SampleTopic(SampleTopicOptions options) : options_(with_patience(std::move(options))) {}

Status SampleTopic::open() {
  producer_.reset();
  found_ms_ = 0;
  if (Status found = find_partitions(); !found) return found;
  auto producer = SampleProducer::open(options_.kafka, options_.topic);
  if (!producer) return producer.status();
  producer_ = std::move(*producer);
  return Status::ok();
}

Status SampleTopic::find_partitions() {
  if (found_ms_ != 0 && steady_ms() - found_ms_ < kFindAgainMs) return Status::ok();
  const std::string topics[] = {options_.topic};
  if (options_.create && partitions_ == 0)
    if (Status created = create_topics(options_.kafka, topics, kTopicMs); !created) return created;
  const auto described = describe_topics(options_.kafka, topics, kTopicMs);
  if (!described) return described.status();
  if (described->front().partitions == 0)
    return {Code::kNotFound, concat("there is no topic ", options_.topic, "; --create-topics makes it")};
  partitions_ = described->front().partitions;
  found_ms_ = steady_ms();
  return Status::ok();
}

Status SampleTopic::produce(const std::string& key, std::string_view value) {
  return producer_->produce(key, value);
}

Status SampleTopic::tick(int64_t tick_ms, const std::string& source, int64_t interval_ms) {
  if (Status found = find_partitions(); !found && is_final(found)) return found;
  LagTick tick;
  tick.source = source;
  tick.tick_ms = tick_ms;
  tick.interval_ms = interval_ms;
  // Rises over restarts too.
  tick.seq = static_cast<uint64_t>(tick_ms);
  std::string value;
  append_lag_tick(tick, value);
  for (int partition = 0; partition < partitions_; ++partition)
    if (Status status = producer_->produce({}, value, -1, partition); !status) return status;
  return flush();
}

Status SampleTopic::flush() {
  return producer_->flush(static_cast<int>(options_.patience_ms));
}

}  // namespace headroom
