#include "policy/scale_decision.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {
namespace {

// How long a command may be on its way before what is observed counts again, in start-ups.
constexpr int64_t kStartUpsToHeed = 3;

int64_t turns_left(const ScaleTurns& turns, int64_t time_ms) {
  const auto spent = std::count_if(turns.turns.begin(), turns.turns.end(),
                                   [time_ms](int64_t turn) { return saturating_sub(time_ms, turn) < ScaleTurns::kDayMs; });
  return std::max<int64_t>(static_cast<int64_t>(ScaleTurns::kMostTurns) - spent, 0);
}

bool known(const ScaleMoment& moment) {
  return moment.load && std::isfinite(*moment.load) && *moment.load >= 0 && moment.replicas && *moment.replicas >= 0;
}

// Whether a move is worth making. What is asked for counts before it was rounded: of one replica, one more is a change of 100 %.
bool worth_going_out(double need, int64_t current, double min_change) {
  return need > static_cast<double>(current) && need >= static_cast<double>(current) * (1 + min_change);
}
bool worth_going_in(int64_t wanted, int64_t current, double min_change) {
  return wanted < current && static_cast<double>(current - wanted) >= static_cast<double>(current) * min_change;
}

}  // namespace

ScaleChoice ScaleDecision::decide(State& state, const ScaleMoment& moment) const {
  learn(state, moment);
  ScaleChoice choice;
  ChoiceEvidence& evidence = choice.evidence;
  evidence.start_up_ms = state.start_ups.start_up_ms(params_.start_up_ms);
  evidence.relative_error = state.trial.relative_error();
  evidence.scored = state.trial.scored();
  evidence.standing = standing(state, moment);
  choice.current = choice.desired = choice.wanted = present(state, moment);
  if (!known(moment)) {
    hold(state, choice);
  } else {
    evidence.load = *moment.load;
    if (params_.threshold)
      want_by_threshold(state, moment, choice);
    else if (know_capacity(state, evidence))
      want_by_capacity(state, moment, choice);
    else
      want_by_utilisation(state, moment, choice);
    const bool outside = choice.desired < params_.least || choice.desired > params_.most;
    if (choice.cause != ScaleCause::kUnknownCapacity || outside) limit(state, moment, choice);
    if (moment.load_aged && choice.desired < choice.current) {
      choice.desired = choice.current;
      choice.cause = ScaleCause::kHoldMissingData;
    }
  }
  settle(state, moment, choice);
  return choice;
}

void ScaleDecision::learn(State& state, const ScaleMoment& moment) const {
  const int64_t start_up_ms = state.start_ups.start_up_ms(params_.start_up_ms);
  if (moment.closed) {
    const int64_t lead_ms = params_.capacity_policy.lead_ms(moment.time_ms, moment.closed->end_ms, start_up_ms);
    state.trial.add(*moment.closed, moment.forecast, deciding_horizon(moment.forecast, lead_ms));
  }
  if (moment.replicas) state.start_ups.observe(moment.time_ms, *moment.replicas);
  if (known(moment) && moment.utilisation) state.capacity.add({moment.time_ms, *moment.load, *moment.replicas, *moment.utilisation});
}

bool ScaleDecision::know_capacity(const State& state, ChoiceEvidence& evidence) const {
  if (params_.capacity) {
    evidence.capacity = *params_.capacity;
    return evidence.capacity > 0;
  }
  const auto learned = state.capacity.estimate();
  if (!learned) return false;
  evidence.capacity = learned->capacity;
  evidence.capacity_spread = learned->spread;
  return learned->sure;
}

// Those that carry the load.
int64_t ScaleDecision::ready(const State& state, const ScaleMoment& moment) const {
  return params_.shadow && state.desired > 0 ? state.desired : *moment.replicas;
}

int64_t ScaleDecision::present(const State& state, const ScaleMoment& moment) const {
  if (!moment.replicas || (params_.shadow && state.desired > 0)) return state.desired;
  if (state.desired <= 0) return *moment.replicas;
  const int64_t patience_ms = saturating_mul(state.start_ups.start_up_ms(params_.start_up_ms), kStartUpsToHeed);
  const bool on_its_way = saturating_sub(moment.time_ms, state.desired_ms) < patience_ms;
  return on_its_way ? state.desired : *moment.replicas;
}

ForecastStanding ScaleDecision::standing(const State& state, const ScaleMoment& moment) const {
  if (!moment.forecast.available) return ForecastStanding::kWithheld;
  if (params_.proof && !state.trial.proven) return ForecastStanding::kRebuilding;
  if (state.trial.demoted) return ForecastStanding::kDemoted;
  // The way out and the way back: one left would strand the number where the forecast brought it.
  const bool spent = state.turns.last == Direction::kShrink && turns_left(state.turns, moment.time_ms) < 2;
  return spent && !all_turns_count() ? ForecastStanding::kSpent : ForecastStanding::kUsed;
}

std::optional<double> ScaleDecision::expected(const ScaleMoment& moment, ForecastQuantile quantile, int64_t until_ms) const {
  const auto most = largest_expected(moment.forecast, quantile, *moment.load, until_ms);
  const auto middle = largest_expected(moment.forecast, ForecastQuantile::kQ50, *moment.load, until_ms);
  if (!most || !middle) return std::nullopt;
  return std::min(*most, *middle * params_.most_premium);
}

void ScaleDecision::look_ahead(const State& state, const ScaleMoment& moment, ChoiceEvidence& evidence) const {
  if (evidence.standing != ForecastStanding::kUsed) return;
  const CapacityPolicy& policy = params_.capacity_policy;
  const ForecastView& view = moment.forecast;
  const int64_t start_up_ms = state.start_ups.start_up_ms(params_.start_up_ms);
  const int64_t age_ms = std::max<int64_t>(saturating_sub(moment.time_ms, view.origin_ms), 0);
  evidence.lead_ms = policy.lead_ms(moment.time_ms, view.origin_ms, start_up_ms);
  evidence.beyond_horizons = evidence.lead_ms > saturating_mul(view.step_ms, view.steps.back());
  const auto soon = expected(moment, policy.quantile, evidence.lead_ms);
  const auto later = expected(moment, params_.hold_quantile, std::max(saturating_add(age_ms, params_.hold_ms), evidence.lead_ms));
  if (!soon || !later) {
    evidence.standing = ForecastStanding::kBroken;
    return;
  }
  evidence.expected_load = *soon;
  evidence.forecast = replicas_needed(*soon, evidence.capacity, policy.target_utilisation).value_or(0);
  evidence.held = replicas_needed(*later, evidence.capacity, policy.target_utilisation).value_or(0);
}

ScaleDecision::Needs ScaleDecision::needs(State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  ChoiceEvidence& evidence = choice.evidence;
  const double full = replicas_needed(evidence.load, evidence.capacity, 1).value_or(0);
  state.target.see(params_.target, moment.time_ms, full, ready(state, moment));
  evidence.target = state.target.target(params_.target);
  evidence.reactive = replicas_needed(evidence.load, evidence.capacity, evidence.target).value_or(0);
  look_ahead(state, moment, evidence);

  Needs made;
  made.need = std::max(evidence.reactive, evidence.forecast);
  made.now = std::clamp(whole_replicas(made.need), params_.least, params_.most);
  state.surprise.see(params_.surprise, {moment.time_ms, full, choice.current, made.now});
  evidence.surprise = state.surprise.floor(moment.time_ms);
  const int64_t ahead = std::max(whole_replicas(std::max(made.need, evidence.held)), evidence.surprise);
  made.held = std::clamp(ahead, params_.least, params_.most);
  return made;
}

void ScaleDecision::want_by_capacity(State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  const Needs made = needs(state, moment, choice);
  state.need.add({.time_ms = moment.time_ms, .out = made.now, .in = made.held, .lag_records = 0}, params_.silence_ms);
  choice.evidence.stabilised = state.need.most_in(params_.in_window_ms).value_or(choice.current);
  choice.wanted = made.now;
  if (made.now > choice.current) return go_out(state, made, choice);
  if (made.now < choice.current) return go_in(made, choice);
}

void ScaleDecision::go_out(const State& state, const Needs& needs, ScaleChoice& choice) const {
  ChoiceEvidence& evidence = choice.evidence;
  // StabilisedNeed counts in minutes, and without a window nothing is to be waited for.
  const auto least = params_.out_window_ms > 0 ? state.need.least_out(params_.out_window_ms) : needs.now;
  const int64_t lasting = least.value_or(choice.current);
  const bool by_load = worth_going_out(evidence.reactive, choice.current, params_.min_change_out);
  const bool by_forecast = worth_going_out(evidence.forecast, choice.current, params_.min_change_forecast);
  if (lasting <= choice.current) {
    choice.cause = ScaleCause::kStabilised;
  } else if (!by_load && !by_forecast) {
    choice.cause = ScaleCause::kMinChange;
  } else {
    const int64_t roomy = std::min(whole_replicas(needs.need * (1 + params_.out_room)), params_.most);
    choice.desired = lasting < needs.now ? lasting : std::max(lasting, roomy);
    choice.cause = evidence.forecast > evidence.reactive ? ScaleCause::kForecast : ScaleCause::kReactive;
    evidence.by_forecast = !by_load;
  }
}

void ScaleDecision::go_in(const Needs& needs, ScaleChoice& choice) const {
  const int64_t to = std::max(choice.evidence.stabilised, needs.held);
  if (choice.evidence.surprise >= choice.current) {
    choice.cause = ScaleCause::kSurprise;
  } else if (needs.held >= choice.current) {
    choice.cause = ScaleCause::kForecastHolds;
  } else if (to >= choice.current) {
    choice.cause = ScaleCause::kStabilised;
  } else if (!worth_going_in(to, choice.current, params_.min_change_in)) {
    choice.cause = ScaleCause::kMinChange;
  } else {
    choice.desired = to;
    choice.cause = to > needs.held ? ScaleCause::kStabilised : ScaleCause::kReactive;
  }
}

// Replicas that are too busy for anyone to learn what they carry: out by what they lack, as the Kubernetes HPA does, once those of the last
// command are there; never in, for the idle may be so for another reason.
void ScaleDecision::want_by_utilisation(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  choice.cause = ScaleCause::kUnknownCapacity;
  if (!moment.utilisation || !(*moment.utilisation > 0) || ready(state, moment) < choice.current) return;
  ChoiceEvidence& evidence = choice.evidence;
  evidence.target = state.target.target(params_.target);
  const double busy = std::min(*moment.utilisation, 1.0) * static_cast<double>(*moment.replicas);
  evidence.reactive = busy / evidence.target;
  if (!worth_going_out(evidence.reactive, choice.current, params_.min_change_out)) return;
  choice.wanted = choice.desired = whole_replicas(evidence.reactive);
  choice.cause = ScaleCause::kUtilisation;
}

void ScaleDecision::want_by_threshold(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  ChoiceEvidence& evidence = choice.evidence;
  const bool used = evidence.standing == ForecastStanding::kUsed;
  const auto made = state.threshold.decide(
      *params_.threshold,
      {.time_ms = moment.time_ms, .current = choice.current, .load = evidence.load, .forecast = used ? &moment.forecast : nullptr});
  evidence.expected_load = made.expected.value_or(0);
  choice.wanted = choice.desired = made.desired;
  switch (made.outcome) {
    case ThresholdOutcome::kOut:
    case ThresholdOutcome::kIn:
      choice.cause = ScaleCause::kThreshold;
      break;
    case ThresholdOutcome::kLeast:
      choice.cause = ScaleCause::kLeast;
      break;
    case ThresholdOutcome::kMost:
      choice.cause = ScaleCause::kMost;
      break;
    case ThresholdOutcome::kWaiting:
      choice.cause = ScaleCause::kWaiting;
      break;
    case ThresholdOutcome::kInside:
    case ThresholdOutcome::kNoForecast:
    case ThresholdOutcome::kLoadNotBelow:
      choice.cause = ScaleCause::kSteady;
      break;
  }
}

void ScaleDecision::limit(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  const auto cut = [&choice](int64_t to, ScaleCause cause) {
    if (to == choice.desired) return;
    choice.desired = to;
    choice.cause = cause;
  };
  cut(state.rates.limited(params_.rates, moment.time_ms, choice.current, choice.desired), ScaleCause::kStepLimit);
  if (choice.desired != choice.current && all_turns_count()) {
    const auto way = choice.desired > choice.current ? Direction::kGrow : Direction::kShrink;
    if (!state.turns.allow(way, moment.time_ms)) cut(choice.current, ScaleCause::kTurnBudget);
  }
  if (params_.threshold) return;
  cut(std::max(choice.desired, params_.least), ScaleCause::kLeast);
  cut(std::min(choice.desired, params_.most), ScaleCause::kMost);
  const double need = std::max(choice.evidence.reactive, choice.evidence.forecast);
  if (choice.desired == params_.most && need > static_cast<double>(params_.most)) choice.cause = ScaleCause::kMost;
  if (choice.desired == params_.least && whole_replicas(need) < params_.least) choice.cause = ScaleCause::kLeast;
}

void ScaleDecision::hold(const State& state, ScaleChoice& choice) const {
  if (state.desired > 0) choice.current = state.desired;
  choice.desired = choice.wanted = choice.current;
  choice.cause = ScaleCause::kHoldMissingData;
}

// Remembers what was decided, and says whether it is to be sent.
void ScaleDecision::settle(State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  const int64_t change = saturating_sub(choice.desired, choice.current);
  if (change != 0) {
    const auto way = change > 0 ? Direction::kGrow : Direction::kShrink;
    if (all_turns_count() || change < 0 || choice.evidence.by_forecast) state.turns.spend(way, moment.time_ms);
    state.rates.note(params_.rates, moment.time_ms, change);
    // What is there already does not have to start, whatever the last command asked for; one in takes back what was waited for.
    const int64_t there = change > 0 ? moment.replicas.value_or(choice.current) : choice.current;
    if (!params_.shadow) state.start_ups.command(moment.time_ms, there, choice.desired);
    if (params_.threshold) state.threshold.spend(moment.time_ms);
  }
  const bool changed = choice.desired > 0 && (change != 0 || (state.desired > 0 && choice.desired != state.desired));
  const int64_t next_ms = saturating_add(moment.time_ms, params_.capacity_policy.decision_interval_ms);
  const bool expires = next_ms >= saturating_add(state.sent_ms, params_.expiry_ms);
  const bool holds = choice.cause == ScaleCause::kHoldMissingData && state.desired > 0;
  choice.command = changed || (holds && expires);
  if (changed) state.desired_ms = moment.time_ms;
  if (choice.command) state.sent_ms = moment.time_ms;
  if (changed || holds) state.desired = choice.desired;
  choice.evidence.turns_left = turns_left(state.turns, moment.time_ms);
}

Status check_scale_decision(const ScaleDecisionParams& params, const ForecastView& shape) {
  const Status policy = params.threshold ? check_threshold_rule(*params.threshold, shape)
                                         : check_capacity_policy(params.capacity_policy, shape, params.start_up_ms);
  if (!policy) return policy;
  const auto refuse = [](const char* why) { return Status(Code::kInvalid, why); };
  if (params.capacity && !(*params.capacity > 0)) return refuse("capacity must be above 0");
  const TargetRule& target = params.target;
  if (!(target.lowest > 0) || !(target.lowest <= target.highest) || !(target.highest <= 1))
    return refuse("the targets of the present load must be above 0 and at most 1, the lowest first");
  if (params.least < 0 || params.least > params.most) return refuse("min must be at least 0 and at most max");
  if (std::min({params.out_window_ms, params.in_window_ms, params.hold_ms}) < 0 ||
      std::max(params.out_window_ms, params.in_window_ms) > StabilisedNeed::kMostWindowMs)
    return refuse("windows must be between 0 and an hour");
  const double least_change = std::min({params.min_change_out, params.min_change_forecast, params.min_change_in, params.out_room});
  if (!(least_change >= 0)) return refuse("least changes must not be negative");
  if (!(params.most_premium >= 1)) return refuse("the premium must be at least 1");
  if (params.expiry_ms <= params.capacity_policy.decision_interval_ms)
    return refuse("commands must live longer than the decision interval");
  return Status();
}

}  // namespace headroom
