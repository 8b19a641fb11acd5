#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "headroom/status.h"
#include "kafka/sample_producer.h"

namespace headroom {

struct SampleTopicOptions {
  KafkaConfig kafka;
  std::string topic;
  bool create = false;           // make it when it is missing
  int64_t patience_ms = 30'000;  // for the brokers to take a record
};

// A topic that samples go to, by key, and ticks, to every partition. Partitions that are added are found within a minute. One thread.
class SampleTopic {
 public:
  explicit SampleTopic(SampleTopicOptions options);

  // Before anything is written, and again after a failure: what was not acknowledged then is forgotten. kNotFound: there is no such topic.
  // kInvalid: wrong properties. kDenied. kUnavailable, kTimeout: the brokers do not answer.
  Status open();
  Status produce(const std::string& key, std::string_view value);
  // {"tick_ms":...,"source":...,"interval_ms":...}: behind everything that was produced, to every partition.
  Status tick(int64_t tick_ms, const std::string& source, int64_t interval_ms);
  // Waits until the brokers have everything.
  Status flush();

  int partitions() const { return partitions_; }
  const std::string& name() const { return options_.topic; }

 private:
  Status find_partitions();

  const SampleTopicOptions options_;
  std::unique_ptr<SampleProducer> producer_;
  int partitions_ = 0;
  int64_t found_ms_ = 0;
};

// Whether trying again cannot help.
bool is_final(const Status& status);

}  // namespace headroom
