#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "headroom/action.h"

namespace headroom {

// Why a number of consumers of a group was decided on. Rates are in thousandths of a record a second.
struct GroupEvidence {
  std::string cluster;
  std::string group;
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

// How commands that nobody carried out would have done beside what ran, over the last days.
struct ShadowEvidence {
  int64_t ticks = 0;
  double short_proposed = 0;     // share of ticks at which the load would have filled more than was proposed
  double short_running = 0;      // ... than ran
  double replicas_proposed = 0;  // means
  double replicas_running = 0;
};

// Why a number of replicas was decided on for a load and what is expected of it. Loads are in the load's own unit, numbers of replicas
// unrounded, shares of 1.
struct LoadEvidence {
  std::string metric;    // the load
  std::string forecast;  // used, or why not: withheld, rebuilding, demoted, broken, turns_spent
  std::string withheld;  // why there is no forecast; empty when there is one
  double load = 0;
  double capacity = 0;         // of a replica at utilisation 1; 0 where it does not count
  double capacity_spread = 0;  // of what was learned; 0 where it was given
  double target_utilisation = 0;
  double reactive = 0;       // replicas for the present load
  double expected_load = 0;  // the most that the rule reckons with until the command takes effect
  double predicted = 0;      // replicas for it
  int64_t stabilised = 0;    // the most that was needed within stabilise_in
  int64_t surprise = 0;      // kept since a burst; 0: nothing
  int64_t lead_ms = 0;       // how far ahead was looked
  int64_t start_up_ms = 0;
  double relative_error = 1;             // of the forecasts lately, against the last value's
  int64_t scored = 0;                    // forecasts that this rests on
  bool by_forecast = false;              // the present load alone would not have led to it
  int64_t turns_left = 0;                // changes of direction that forecasts may still begin within 24 hours
  std::optional<ShadowEvidence> shadow;  // in the mode propose
};

// A scale command before it gets its place in the lane. Counts of replicas, absolute, never deltas.
struct ScaleAction {
  std::string target;  // the Kafka key and CloudEvent partitionkey
  ActionMode mode = ActionMode::kApply;
  std::string code;     // of a group: too_few_consumers | too_many_consumers; of a load: which rule had the last word
  int64_t time_ms = 0;  // the decision's event time
  int64_t expiry_ms = 0;
  int64_t current = 0;
  int64_t desired = 0;
  int64_t max_useful = 0;  // more would be of no use: further consumers would get no partition
  int64_t lower = 0;       // what was allowed
  int64_t upper = 0;
  int64_t uncapped = 0;  // what load and lag ask for
  int64_t cooldown_ms = 0;
  std::variant<GroupEvidence, LoadEvidence> evidence;
};

}  // namespace headroom
