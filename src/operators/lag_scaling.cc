#include "operators/lag_scaling.h"

#include <algorithm>
#include <limits>

#include "policy/consumers_needed.h"
#include "policy/name_pattern.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;

using Rule = LagScaling::Rule;
using State = LagScaling::State;

std::vector<Rule> compile(const LagScalingParams& params) {
  std::vector<Rule> rules;
  for (const LagScalingRule& settings : params.groups) {
    Rule& rule = rules.emplace_back();
    rule.settings = settings;
    if (params.propose_only) rule.settings.mode = ActionMode::kPropose;
    rule.limits = {.min_change = settings.min_change,
                   .cooldown_ms = settings.start_up_ms,
                   .repeat_after_ms = settings.repeat_after_ms,
                   .budget = std::numeric_limits<uint32_t>::max()};
  }
  return rules;
}

bool rebalances(std::string_view group_state) {
  return group_state == "PreparingRebalance" || group_state == "CompletingRebalance" || group_state == "Assigning" ||
         group_state == "Reconciling";
}

int64_t most_useful(Assignor assignor, const LagGroupStanding& in) {
  return std::max<int64_t>(assignor == Assignor::kRange ? in.widest_topic : in.partitions, 0);
}

void note_members(State& state, const LagGroupStanding& in) {
  const int32_t members = in.members.value_or(0);
  if (members == state.members) return;
  if (state.members != 0) state.members_since_ms = in.time_ms;
  state.members = members;
}

// Why the group cannot be judged at this tick; kSteady when it can.
ScaleOutcome blindness(const LagGroupStanding& in) {
  if (!in.members) return ScaleOutcome::kUnknownMembers;
  if (*in.members <= 0) return ScaleOutcome::kNoMembers;
  if (rebalances(in.group_state)) return ScaleOutcome::kRebalancing;
  const bool known = in.missing == 0 && in.partitions > 0 && in.lag_records && in.produced_milli && in.consumed_milli;
  return known ? ScaleOutcome::kSteady : ScaleOutcome::kMissingData;
}

// What this tick tells of the consumers, whether or not it can be judged.
void learn(State& state, const Rule& rule, const LagGroupStanding& in, bool blind) {
  note_members(state, in);
  const int64_t useful = most_useful(rule.settings.assignor, in);
  const bool settled = saturating_sub(in.time_ms, state.members_since_ms) >= rule.settings.start_up_ms;
  // Consumers that wait for something else do not show what they can do.
  const bool busy = !blind && settled && !state.trial.vain() && in.assigned && *in.assigned > 0 && in.assigned_behind >= *in.assigned;
  state.rate.add({.time_ms = in.time_ms,
                  .interval_ms = in.interval_ms,
                  .group_milli = in.consumed_milli.value_or(0),
                  .consumers = std::min<int64_t>(state.members, useful),
                  .busy = busy});
  if (blind) return;
  state.trial.observe({in.time_ms, state.members, *in.consumed_milli, in.behind > 0}, rule.settings.start_up_ms);
}

void note_load(ScaleAssessment& made, const Rule& rule, const State& state, const LagGroupStanding& in) {
  const LagScalingRule& settings = rule.settings;
  made.max_useful = most_useful(settings.assignor, in);
  made.upper = std::max<int64_t>(settings.most == 0 ? made.max_useful : std::min(settings.most, made.max_useful), 1);
  made.lower = std::min(settings.least, made.upper);
  made.partitions = in.partitions;
  made.produced_milli = *in.produced_milli;
  made.consumed_milli = *in.consumed_milli;
  made.lag_records = *in.lag_records;
  made.max_lag_ms = in.max_lag_ms;
  made.verdict = in.verdict;
  made.busy_minutes = static_cast<uint32_t>(state.rate.minutes.size());
  made.catch_up_ms = settings.catch_up_ms;
  made.cooldown_ms = settings.start_up_ms;
}

int64_t limited(const ScaleAssessment& made, int64_t consumers) {
  return std::clamp(consumers, made.lower, made.upper);
}

// The desired count, stabilised: the current one unless the need has lasted.
void stabilise(ScaleAssessment& made, const Rule& rule, State& state, const LagGroupStanding& in) {
  GroupLoad load{made.produced_milli, made.lag_records, made.catch_up_ms, made.rate_of_one_milli};
  made.uncapped = consumers_needed(load);
  made.needed = consumers_needed_evenly(load, made.max_useful);
  load.rate_of_one_milli -= load.rate_of_one_milli / 10;
  made.needed_with_room = consumers_needed_evenly(load, made.max_useful);
  state.need.add({in.time_ms, limited(made, made.needed), limited(made, made.needed_with_room), made.lag_records},
                 saturating_add(saturating_mul(in.interval_ms, 3), kMinuteMs));
  const auto out = state.need.least_out(rule.settings.out_window_ms);
  const auto in_to = state.need.most_in(rule.settings.in_window_ms);
  made.desired = made.current;
  if (out && *out > made.current) made.desired = state.trial.limit(made.current, *out);
  if (in_to && *in_to < made.current) made.desired = *in_to;
}

// No change is wanted: is that well, or what stands in the way?
ScaleOutcome unchanged(const ScaleAssessment& made) {
  if (made.needed > made.current) {
    if (made.current >= made.max_useful) return ScaleOutcome::kPartitions;
    if (made.current >= made.upper) return ScaleOutcome::kMost;
  }
  const bool fits = limited(made, made.needed) <= made.current && made.current <= limited(made, made.needed_with_room);
  return fits ? ScaleOutcome::kSteady : ScaleOutcome::kStabilising;
}

ScaleOutcome judge(const ScaleAssessment& made, const Rule& rule, const State& state, const LagGroupStanding& in) {
  if (made.desired == made.current) return unchanged(made);
  const bool grows = made.desired > made.current;
  if (!grows && in.behind > 0 && !state.need.lag_falls()) return ScaleOutcome::kLagNotFalling;
  if (grows && state.trial.bars(made.time_ms)) return ScaleOutcome::kNoGain;
  if (!state.turns.allow(grows ? Direction::kGrow : Direction::kShrink, made.time_ms)) return ScaleOutcome::kTurns;
  const Suppression held = state.ledger.against(rule.limits, made.time_ms, made.current, made.desired);
  if (held == Suppression::kMinChange) return ScaleOutcome::kMinChange;
  if (held == Suppression::kCooldown) return ScaleOutcome::kCooldown;
  return held == Suppression::kNone ? ScaleOutcome::kCommand : ScaleOutcome::kUnheeded;
}

void spend(State& state, const ScaleAssessment& made) {
  const bool grows = made.desired > made.current;
  state.ledger.spend(made.time_ms, made.current, made.desired);
  state.turns.spend(grows ? Direction::kGrow : Direction::kShrink, made.time_ms);
  if (grows) state.trial.command(made.time_ms, made.current, made.consumed_milli);
}

}  // namespace

LagScaling::LagScaling(const LagScalingParams& params) : rules_(std::make_shared<const std::vector<Rule>>(compile(params))) {}

const LagScaling::Rule* LagScaling::rule_of(State& state, std::string_view group) const {
  if (!state.rule.known) {
    const auto found =
        std::find_if(rules_->begin(), rules_->end(), [&](const Rule& rule) { return name_fits(rule.settings.group, group); });
    state.rule = {found == rules_->end() ? nullptr : &*found, true};
  }
  return state.rule.rule;
}

std::optional<ScaleAssessment> LagScaling::step(State& state, const LagGroupStanding& in) const {
  const Rule* rule = rule_of(state, in.group);
  if (rule == nullptr) return std::nullopt;
  if (in.forgotten) {
    state = State();
    return std::nullopt;
  }
  if (in.time_ms <= state.time_ms) return std::nullopt;
  state.time_ms = in.time_ms;

  ScaleAssessment made;
  made.cluster = in.cluster;
  made.group = in.group;
  made.target = rule->settings.target;
  made.time_ms = in.time_ms;
  made.mode = rule->settings.mode;
  made.outcome = blindness(in);
  const bool blind = made.outcome != ScaleOutcome::kSteady;
  learn(state, *rule, in, blind);
  made.current = state.members;
  if (blind) return made;

  note_load(made, *rule, state, in);
  const auto rate_of_one = state.rate.rate_milli();
  if (!rate_of_one) {
    made.outcome = ScaleOutcome::kNotMeasured;
    return made;
  }
  made.rate_of_one_milli = *rate_of_one;
  stabilise(made, *rule, state, in);
  made.outcome = judge(made, *rule, state, in);
  if (made.outcome == ScaleOutcome::kCommand) spend(state, made);
  return made;
}

}  // namespace headroom
