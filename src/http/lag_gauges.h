#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/lag.h"

namespace headroom {

// One group on one partition at one tick, for metrics. What is not known is absent. The views are needed only for the call that takes them.
struct LagPartitionGauges {
  std::string_view cluster;
  std::string_view group;
  std::string_view topic;
  int32_t partition = 0;
  bool always = false;  // of a group that is configured to be shown whole
  LagQuality quality = LagQuality::kUnknown;
  std::optional<int64_t> poll_ms;  // from its observation to the tick, when it was observed since the last one
  std::optional<int64_t> committed_offset;
  std::optional<int64_t> log_start_offset;
  std::optional<int64_t> end_offset;
  std::optional<int64_t> lag_records;
  std::optional<int64_t> lag_ms;
};

// A whole group at one tick.
struct LagGroupGauges {
  std::string_view cluster;
  std::string_view group;
  std::string_view labels;   // "name=value" joined by '\x1f'
  std::string_view verdict;  // a word from code, which outlives everything
  int severity = 0;          // of the verdict: the larger the worse
  int64_t time_ms = 0;       // of the tick
  std::optional<int64_t> lag_records;
  std::optional<int64_t> max_lag_ms;
  std::optional<int64_t> produced_milli;  // thousandths of a record a second
  std::optional<int64_t> consumed_milli;
  std::optional<int64_t> catch_up_ms;
  std::optional<int64_t> loss_ms;
  int64_t lost_records = 0;  // at the moment: log start - committed
};

// How many consumers a group that is scaled has and needs, at one tick.
struct LagScalingGauges {
  std::string_view outcome;  // a word from code, which outlives everything
  std::optional<int64_t> consumers;
  std::optional<int64_t> needed;
  std::optional<int64_t> max_useful;
  std::optional<int64_t> rate_of_one_milli;  // thousandths of a record a second
};

// How many series there may be. What is beyond is counted in headroom_lag_series_left_out.
struct LagSeriesLimits {
  size_t partitions = 1'000;     // those with the most lag
  size_t of_groups = 20'000;     // partitions of groups that are shown whole, a lane
  size_t groups = 10'000;        // the worst
  size_t group_topics = 20'000;  // groups on a topic, those with the most lag
};

}  // namespace headroom
