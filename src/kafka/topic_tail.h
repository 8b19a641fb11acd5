#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "headroom/record.h"
#include "headroom/status.h"
#include "kafka/topic_reader.h"

namespace headroom {

// Where a tail begins: with the first record of each partition that is stamped with this time or a later one, at its end where there is
// none. Negative: at the log's start.
struct TailStart {
  int64_t time_ms = -1;
};

// Follows a topic: its committed records from the start on, in order within a partition, as they come. One thread. For what watches a topic
// while others write it (read_topic() reads what is there and ends).
class TopicTail {
 public:
  // kNotFound: no such topic. kTimeout, kUnavailable: the brokers do not answer.
  static Result<std::unique_ptr<TopicTail>> open(const KafkaConfig& config, const std::string& topic, int timeout_ms, TailStart start = {});
  ~TopicTail();

  // Waits up to `timeout_ms` for a first record, then gives `take` all that are there, 10,000 at most; how many. kNotFound: the log was cut
  // beyond the place that was reached. Brokers that are away give nothing and are no error.
  Result<size_t> poll(int timeout_ms, const std::function<void(const TopicRecord&)>& take);

  // By partition: where the next record can come from, past markers and holes.
  std::vector<Offset> positions() const;
  // Whether everything was given that was there when the tail was opened.
  bool caught_up() const;

 private:
  struct Parts;
  explicit TopicTail(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom
