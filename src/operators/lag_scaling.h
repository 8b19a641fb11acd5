#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "headroom/operator.h"
#include "operators/lag_group_standing.h"
#include "operators/lag_scaling_params.h"
#include "operators/scale_assessment.h"
#include "policy/command_ledger.h"
#include "policy/consumer_rate.h"
#include "policy/scale_out_trial.h"
#include "policy/scale_turns.h"
#include "policy/stabilised_need.h"

namespace headroom {

// How many consumers a group needs: ceil((produce rate + lag records / catch_up) / rate of one), looked at at each tick. Groups that no
// rule fits give nothing.
//
// - Held first, in the order of ScaleOutcome, where members, lag or rates are not known now.
// - The rate of one is measured in minutes in which all consumers were busy (policy/consumer_rate.h): every assigned partition behind, no
//   rebalance, and no change of members for the last start_up.
// - At most as many as can have a partition: the largest topic's for range, all for other assignors; at least `min`, at most `max`. Where
//   whole partitions cannot be dealt out so that the needed number would do, more are asked for (consumers_needed_evenly).
// - Out to the least need of the last stabilise_out, in to the most of the last stabilise_in (policy/stabilised_need.h). Going in counts on
//   nine tenths of the rate of one: a group that would just fit would have to go out again at the next breath of load.
// - Never in while partitions are behind and the lag does not fall. Not out for an hour after a scale-out that did not help
//   (policy/scale_out_trial.h). At most six changes of direction in 24 hours (policy/scale_turns.h).
// - Commands are absolute and expire; one that nobody heeded is said again after repeat_after (policy/command_ledger.h), another after
//   start_up at the soonest.
class LagScaling {
 public:
  using In = LagGroupStanding;
  using Out = ScaleAssessment;

  struct Rule {
    LagScalingRule settings;
    CommandLimits limits;
  };
  // The rule that holds for a group; found anew after a restore, so not part of its bytes.
  struct RuleRef {
    const Rule* rule = nullptr;
    bool known = false;
    void save(ByteWriter&) const {}
    bool load(ByteReader&) { return true; }
  };
  struct State {
    RuleRef rule;
    int64_t time_ms = 0;  // of the last standing
    int32_t members = 0;
    int64_t members_since_ms = 0;  // 0: they have not changed since the group was first seen
    ConsumerRate rate;
    StabilisedNeed need;
    ScaleOutTrial trial;
    ScaleTurns turns;
    CommandLedger ledger;
    auto fields() { return std::tie(rule, time_ms, members, members_since_ms, rate, need, trial, turns, ledger); }
  };

  explicit LagScaling(const LagScalingParams& params);

  static StateKey key(const LagGroupStanding& in) { return {in.cluster, in.group}; }
  // An assessment for each standing of a group that is scaled; none for one that is not newer than the last, or of a forgotten group.
  std::optional<ScaleAssessment> step(State& state, const LagGroupStanding& in) const;
  int64_t idle_ms() const { return 25 * int64_t{3'600'000}; }
  static constexpr uint32_t kStateVersion = 1;

 private:
  const Rule* rule_of(State& state, std::string_view group) const;

  std::shared_ptr<const std::vector<Rule>> rules_;
};

}  // namespace headroom
