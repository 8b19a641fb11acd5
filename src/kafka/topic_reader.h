#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "headroom/record.h"
#include "headroom/status.h"

namespace headroom {

// One record of a topic, with its headers. The views are valid during the call that gets it.
struct TopicRecord {
  std::string_view topic;
  Partition partition = 0;
  Offset offset = 0;
  int64_t timestamp_ms = -1;
  std::string_view key;
  std::string_view value;
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  // The last header of that name; empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct ReadTopic {
  std::string topic;
  std::vector<Partition> partitions;  // empty: all
  int64_t last_records = 0;           // of each partition, about so many of its end; 0: from the start
  int timeout_ms = 60'000;            // without progress
  bool with_headers = true;
  bool wait_for_open = false;  // also what open transactions hold back: waits until they end, `timeout_ms` at most
};

// Reads the committed records of a topic up to where each partition ended when it was called, in order within a partition. `take` gives
// false to end early. kNotFound: no such topic. kTimeout: nothing came for `timeout_ms`. Blocks; any thread.
Status read_topic(const KafkaConfig& config, const ReadTopic& what, const std::function<bool(const TopicRecord&)>& take);

struct PartitionBounds {
  Partition partition = 0;
  Offset start = 0;
  Offset end = 0;  // the last stable offset
};

// Where each partition of a topic begins and ends. kNotFound: no such topic.
Result<std::vector<PartitionBounds>> topic_bounds(const KafkaConfig& config, const std::string& topic, int timeout_ms);

}  // namespace headroom
