#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "headroom/action.h"

namespace headroom {

// Why a number of consumers was decided on. Rates are in thousandths of a record a second.
struct ScaleEvidence {
  std::string verdict;         // of the group: falling_behind, ...
  int64_t produced_milli = 0;  // into the group's partitions
  int64_t consumed_milli = 0;  // by the whole group
  int64_t rate_of_one_milli = 0;
  uint32_t busy_minutes = 0;  // that the rate of one rests on
  int64_t lag_records = 0;
  std::optional<int64_t> max_lag_ms;
  int64_t catch_up_ms = 0;  // the time within which the lag is to be gone
  int64_t partitions = 0;   // of all topics of the group
};

// A scale command before it gets its place in the lane. Counts of consumers, absolute, never deltas.
struct ScaleAction {
  std::string target;  // the Kafka key and CloudEvent partitionkey
  std::string cluster;
  std::string group;
  ActionMode mode = ActionMode::kApply;
  std::string code;     // too_few_consumers | too_many_consumers
  int64_t time_ms = 0;  // the decision's event time
  int64_t expiry_ms = 0;
  int64_t current = 0;
  int64_t desired = 0;
  int64_t max_useful = 0;  // further consumers would get no partition
  int64_t lower = 0;       // what was allowed
  int64_t upper = 0;
  int64_t uncapped = 0;  // what load and lag ask for
  int64_t cooldown_ms = 0;
  ScaleEvidence evidence;
};

}  // namespace headroom
