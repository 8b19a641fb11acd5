#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/lag_detector_params.h"
#include "operators/lag_label_field.h"
#include "operators/lag_standing.h"

namespace headroom {

// What a detector sees of a standing.
struct LagReading {
  const LagStanding* standing = nullptr;  // stays where it is until the chunk is over
  // Of kPartition: the label set, the values of the detector's `by` in that order with '\x1f' between.
  std::string labels;
  // In thousandths of the metric's unit, 0 to MovingResults::kMost, which stands for "never"; none: not known at this tick.
  std::optional<int64_t> value_milli;
  int64_t allowance_ms = 0;  // what was taken off for the group's commit rhythm
};

// A map from standings to the readings of one detector: partitions that its `when` leaves out are dropped, all else passes.
//
// What is known of a metric at a tick:
// - lag_seconds, oldest_unread_seconds: what the standing says, less the group's commit interval where it is learned and commit_allowance
//   is auto, never below zero; nothing unread is zero.
// - time_to_loss_seconds, time_to_catch_up_seconds: where the lag is known and no time is, it is "never" (to catch up, only while both
//   rates are known); without lag there is nothing to lose, and zero left to catch up.
// - open_transaction_seconds: none is zero. lost_records: from the offsets where the standing does not count them.
// - A partition whose verdict is unknown has no other value than what the standing gives; its verdict counts where "unknown" is asked for.
class LagSelect {
 public:
  explicit LagSelect(const LagDetectorParams& params);
  std::optional<LagReading> operator()(const LagStanding& standing) const;

 private:
  struct Filter {
    LagLabelField field;
    std::vector<std::string> matches;
  };
  struct Compiled {
    LagMetric metric;
    bool allows_commits;
    uint32_t verdicts;  // a bit each
    std::vector<LagLabelField> by;
    std::vector<Filter> when;
  };
  bool wanted(const LagStanding& standing) const;
  void measure(const LagStanding& standing, LagReading& reading) const;

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace headroom
