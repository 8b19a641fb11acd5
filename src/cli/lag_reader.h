#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "engine/task.h"
#include "headroom/status.h"
#include "headroom/topology.h"
#include "kafka/topic_tail.h"

namespace headroom {

// Runs the source topic of a topology through it in this process, from some time back and on as records come: a task a partition, as a
// worker has, but without a group, a store or outputs. What comes of it is told to the topology's observers. One thread.
class LagReader {
 public:
  // `topology` outlives the reader. kNotFound: no such topic. kTimeout, kUnavailable: the brokers do not answer.
  static Result<std::unique_ptr<LagReader>> open(const Config& config, const Topology& topology, TailStart start, int timeout_ms);

  // Waits up to `timeout_ms` for a record; how many were processed.
  Result<size_t> poll(int timeout_ms);
  // Whether everything was processed that was there when it was opened.
  bool caught_up() const { return tail_->caught_up(); }

  uint64_t records() const { return records_; }
  // Records that were not what the topology reads, as "3 (not_json 2, empty 1)"; empty: none.
  std::string rejected() const;

 private:
  LagReader(const Config& config, const Topology& topology, std::unique_ptr<TopicTail> tail);
  void process(const TopicRecord& record);

  const std::string installation_;
  const Topology& topology_;
  std::unique_ptr<TopicTail> tail_;
  std::map<Partition, std::unique_ptr<Task>> tasks_;
  Outbox outbox_;  // thrown away
  uint64_t records_ = 0;
};

}  // namespace headroom
