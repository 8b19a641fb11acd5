#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "operators/lag_standing.h"

namespace headroom {

// A whole group as judged at one tick. Views are valid while the chunk is being processed.
struct LagGroupStanding {
  int64_t time_ms = 0;  // of the tick
  int64_t interval_ms = 0;
  std::string_view cluster;
  std::string_view group;
  std::string_view labels;  // as LagStanding::labels
  bool forgotten = false;   // the group is no longer watched: the last of it, with nothing else set

  LagVerdict verdict = LagVerdict::kUnknown;  // of the worst partition
  int64_t since_ms = 0;
  std::string_view worst_topic;  // of that partition; of several the one with the most lag, then the first by name and number
  int32_t worst_partition = 0;
  int64_t partitions = 0;
  int64_t widest_topic = 0;            // partitions of the topic with the most
  std::optional<int64_t> assigned;     // partitions that a member has
  std::optional<int64_t> lag_records;  // sum of those that are known
  std::optional<int64_t> max_lag_ms;
  std::optional<int64_t> produced_milli;  // sums, thousandths of a record a second
  std::optional<int64_t> consumed_milli;
  std::optional<int64_t> catch_up_ms;  // of the slowest partition; absent: one never will, or not known
  std::optional<int64_t> loss_ms;      // of the first partition to lose records
  int64_t lost_records = 0;
  std::optional<int32_t> members;
  std::string_view group_state;
  // Partitions that have more lag than the rhythm of commits explains: lag_ms above commit_interval_ms (0 when not learned) + interval_ms.
  // A consumer of one always has something to read.
  int64_t behind = 0;
  int64_t assigned_behind = 0;  // of these, those that a member has
  int64_t missing = 0;  // partitions of which nothing is known now: no sample for three intervals, or no end; never committed is none
  LagContext context;   // the last one; group is empty when there was none
};

}  // namespace headroom
