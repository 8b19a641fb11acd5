#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "headroom/lag.h"
#include "kafka/lag_groups.h"
#include "policy/offset_times.h"

namespace headroom {

// A partition as the last cycle saw it, and the times that are known of it.
struct LagPartition {
  explicit LagPartition(OffsetTimesLimits limits) : times(limits) {}

  OffsetTimes times;
  bool available = false;
  Offset start = 0;
  Offset end = 0;
  Offset stable = 0;
  Offset empty_below = 0;  // it was read that no data record is before this
  Offset held_at = -1;     // where an open transaction holds the last stable offset, since when
  int64_t held_since_ms = 0;
  uint64_t used_in_cycle = 0;
};

// A group as the last cycle saw it.
struct LagGroup {
  std::string key;
  std::map<std::string, std::string> labels;
  bool reads_uncommitted = false;
  std::string state;  // empty: cannot be told
  std::optional<int32_t> members;
  bool assignment_known = false;
  std::vector<TopicPartition> assigned;  // sorted
  bool served = false;                   // its offsets are known in this cycle
  std::map<TopicPartition, Offset> committed;
  int64_t last_useful_ms = 0;  // when it last had offsets or members
  int absent_cycles = 0;       // of complete listings
};

// All that a source remembers of a cluster from cycle to cycle, and how it makes samples of it. One thread.
class LagBook {
 public:
  LagBook(const LagSourceConfig& config, std::string cluster, std::string source);

  // A group of this name, made with its labels and key when it is new; null when it is not to be watched.
  LagGroup* watched(const std::string& name, int64_t now_ms);
  LagPartition& partition(const TopicPartition& place);
  bool watches_topic(std::string_view topic) const;

  // Every place that some served group has committed to or is assigned, marked as used in this cycle. Others are dropped after a while.
  void use_places(uint64_t cycle);
  // Offsets whose times the samples of this cycle need, by place.
  std::map<TopicPartition, std::vector<Offset>> wanted() const;

  // Calls `take` with the key and a sample of each served group and place. The views hold during the call.
  void each_sample(uint64_t cycle, int64_t observed_ms, const std::function<void(const std::string&, const LagSample&)>& take) const;
  // Takes out the groups that are gone: absent from 12 complete listings in a row, or without offsets and members for `forget_after`.
  void forget(int64_t now_ms, const std::function<void(const std::string& key, const LagForgotten&)>& tell);

  std::map<std::string, LagGroup> groups;
  std::map<TopicPartition, LagPartition> partitions;
  std::map<std::string, TopicRetention> retention;

 private:
  void fill(LagSample& sample, const LagGroup& group, const TopicPartition& place, int64_t observed_ms) const;

  const LagSourceConfig& config_;
  const std::string cluster_;
  const std::string source_;
};

// The offsets and times of a sample, from what is known of its partition. Fills `committed_offset` and everything after it up to
// `quality`, `open_transaction_ms`, `lost_records` and `skew_ms`; for `reads_uncommitted` the end is the log's end. Where the topic
// `compacts`, `unread_time_ms` is told only of records that were read.
void fill_times(LagSample& sample, const LagPartition& partition, std::optional<Offset> committed, bool reads_uncommitted, bool compacts);

}  // namespace headroom
