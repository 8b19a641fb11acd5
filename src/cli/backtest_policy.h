#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.h"
#include "operators/predictive_scaling_params.h"

namespace headroom {

// What a back-test lets decide: predictive_scaling with one rule, for any target.
struct BacktestPolicy {
  PredictiveScalingParams params;
  bool capacity_given = false;  // false: a replica carries what the model of the service says
  bool delay_given = false;     // false: metrics are as late as in the model of the service
};

// Reads a policy: JSON with comments, either one rule as in topologies.predictive_scaling.targets, or a whole section
// topologies.predictive_scaling, of which the first rule that fits `target` counts (with an empty `target` it must have one rule). What a
// rule's target is does not matter otherwise and may be left out; so may its capacity. None with every mistake appended when there is any.
std::optional<BacktestPolicy> read_backtest_policy(std::string_view text, const std::string& target, std::vector<Mistake>& mistakes);

}  // namespace headroom
