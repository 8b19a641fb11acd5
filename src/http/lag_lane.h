#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/lag_gauges.h"

namespace headroom {

// The same as LagPartitionGauges, LagGroupGauges with texts of their own.
struct LagPartitionShown {
  std::string cluster;
  std::string group;
  std::string topic;
  int32_t partition = 0;
  bool always = false;
  std::optional<int64_t> committed_offset;
  std::optional<int64_t> log_start_offset;
  std::optional<int64_t> end_offset;
  std::optional<int64_t> lag_records;
  std::optional<int64_t> lag_ms;

  // By lag in seconds, then in records; what is not known counts as none.
  std::pair<int64_t, int64_t> rank() const { return {lag_ms.value_or(0), lag_records.value_or(0)}; }
};

struct LagGroupShown {
  std::string cluster;
  std::string group;
  std::string labels;
  std::string_view verdict;
  int severity = 0;
  int64_t time_ms = 0;
  std::optional<int64_t> lag_records;
  std::optional<int64_t> max_lag_ms;
  std::optional<int64_t> produced_milli;
  std::optional<int64_t> consumed_milli;
  std::optional<int64_t> catch_up_ms;
  std::optional<int64_t> loss_ms;
  uint64_t lost_records = 0;  // since the group was first seen here
  std::optional<LagScalingGauges> scaling;
};

// A group on a topic: sum and largest of the partitions whose lag is known.
struct LagTopicShown {
  std::string cluster;
  std::string group;
  std::string topic;
  std::optional<int64_t> sum_records;
  std::optional<int64_t> max_records;
};

struct LagClusterShown {
  std::string cluster;
  std::optional<int64_t> poll_ms;
  std::array<uint64_t, 4> by_quality = {};  // group-partitions, by LagQuality
};

// A lane of lag_watch as of its last tick.
struct LagLaneShown {
  std::optional<int64_t> tick_ms;  // none before the first tick
  int64_t interval_ms = 0;
  uint64_t partitions_known = 0;
  std::vector<LagPartitionShown> partitions;
  std::vector<LagTopicShown> topics;
  std::vector<LagGroupShown> groups;
  std::vector<LagClusterShown> clusters;
};

// Gathers what is told of a lane between ticks and shows it from the tick on, so that nobody sees half of one. Any thread. Texts are copied
// only of partitions that may be shown and of what is new. A number
// below zero is taken for one that is not known.
class LagLane {
 public:
  explicit LagLane(const LagSeriesLimits& limits) : limits_(limits) {}

  void take(const LagPartitionGauges& partition);
  void end_tick(int64_t time_ms, int64_t interval_ms);
  // Shown at once; a group that is not told of again by the tick after the next is forgotten.
  void take(const LagGroupGauges& group);
  // Shown at once with its group, which was told of before.
  void take(std::string_view cluster, std::string_view group, const LagScalingGauges& scaling);
  void forget(std::string_view cluster, std::string_view group);
  LagLaneShown shown() const;

 private:
  struct Topic {
    LagTopicShown shown;
    LagTopicShown next;  // without texts
    bool told = false;
  };
  struct Group {
    LagGroupShown shown;
    int64_t last_lost = 0;
    uint64_t tick = 0;
  };

  LagClusterShown& cluster_of(std::string_view name);
  void add_to_topic(const LagPartitionGauges& partition);
  void rank(const LagPartitionGauges& partition);
  void prune();

  const LagSeriesLimits limits_;
  mutable std::mutex mutex_;
  LagLaneShown shown_;  // without topics and groups
  LagLaneShown next_;
  std::pair<int64_t, int64_t> floor_ = {-1, -1};  // a partition that lags no more is not among those with the most
  size_t ranked_ = 0;                             // of next_.partitions, those that are not there always
  // By a hash of their names: two of one hash would share a line of what is only looked at.
  std::unordered_map<uint64_t, Topic> topics_;
  std::unordered_map<uint64_t, Group> groups_;
  uint64_t ticks_ = 0;
};

}  // namespace headroom
