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

// What lag_watch is to take for the commit interval of a group of which it saw none, when it sees no more than a past of `since_ms`: a
// tenth of that, and no more than is configured. (A worker has days; with as much patience a group that died before this past would be
// called ok.)
int64_t assumed_commit_ms(const Config& config, int64_t since_ms);
// The configuration with that.
Config with_assumed_commit(Config config, int64_t assumed_ms);

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
