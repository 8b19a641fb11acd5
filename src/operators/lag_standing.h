#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/lag.h"

namespace headroom {

// How a group does on a partition. Of two, the later named is the worse; a group is its worst partition.
enum class LagVerdict : uint8_t {
  kOk,
  kUnknown,
  kCatchingUp,
  kAbandoned,
  kFallingBehind,
  kRewound,
  kStalled,
  kStopped,
  kNearRetention,
  kLosingData,
};

// "ok", "unknown", "catching_up", "abandoned", "falling_behind", "rewound", "stalled", "stopped", "near_retention", "losing_data".
constexpr std::string_view verdict_name(LagVerdict verdict) {
  constexpr std::string_view kNames[] = {"ok",      "unknown", "catching_up", "abandoned",      "falling_behind",
                                         "rewound", "stalled", "stopped",     "near_retention", "losing_data"};
  return kNames[static_cast<size_t>(verdict)];
}

// What passes from judging partitions to judging groups, detectors and metrics. At each tick: one kPartition for every partition that is
// known, in an order that is a function of the log, then one kEndOfTick. In between, as they come, kContext and kForgotten.
enum class StandingKind : uint8_t { kPartition, kEndOfTick, kContext, kForgotten };

// One (group, topic, partition) as judged at one tick. Views are valid while the chunk is being processed. Nothing is negative; what is not
// known is absent. Rates are in thousandths of a record a second.
struct LagStanding {
  StandingKind kind = StandingKind::kPartition;
  int64_t time_ms = 0;      // of the tick
  int64_t interval_ms = 0;  // of the source's cycle
  std::string_view cluster;
  std::string_view group;
  std::string_view topic;
  int32_t partition = 0;
  // The group's labels in canonical form: "name=value" joined by '\x1f', sorted by name.
  std::string_view labels;

  LagVerdict verdict = LagVerdict::kUnknown;
  int64_t since_ms = 0;  // the tick from which on the verdict has been this
  LagQuality quality = LagQuality::kUnknown;
  int64_t sample_ms = 0;  // observed_ms of the sample that it rests on
  bool fresh = false;     // that sample came since the last tick
  std::optional<int64_t> committed_offset;
  std::optional<int64_t> log_start_offset;
  std::optional<int64_t> end_offset;
  std::optional<int64_t> lag_records;
  std::optional<int64_t> lag_ms;  // time of the most recent record - time of the last consumed one
  int64_t lag_error_ms = 0;
  std::optional<int64_t> commit_interval_ms;  // learned: median of the last ten
  std::optional<int64_t> oldest_unread_ms;    // age of the first record not consumed, by the tick
  std::optional<int64_t> produced_milli;      // rates
  std::optional<int64_t> consumed_milli;
  std::optional<int64_t> catch_up_ms;  // until the lag is zero at these rates; absent: never
  std::optional<int64_t> loss_ms;      // until unread records fall out of retention; absent: never or not known
  std::optional<int64_t> lost_records;
  std::optional<int64_t> open_transaction_ms;
  std::optional<int32_t> members;
  std::optional<bool> assigned;
  std::string_view group_state;

  LagContext context;      // of kContext
  LagForgotten forgotten;  // of kForgotten
};

}  // namespace headroom
