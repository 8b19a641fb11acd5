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

// Whether a move is worth making: a share of the present number, and what is asked for before it was rounded counts.
bool worth_going_out(double need, int64_t current, double min_change) {
  return need >= static_cast<double>(current) * (1 + min_change);
}
bool worth_going_in(int64_t wanted, int64_t current, double min_change) {
  return static_cast<double>(current - wanted) >= static_cast<double>(current) * min_change;
}

}  // namespace

std::string_view scale_cause_name(ScaleCause cause) {
  switch (cause) {
    case ScaleCause::kSteady:
      return "steady";
    case ScaleCause::kReactive:
      return "reactive";
    case ScaleCause::kForecast:
      return "forecast";
    case ScaleCause::kThreshold:
      return "threshold";
    case ScaleCause::kStabilised:
      return "stabilised";
    case ScaleCause::kForecastHolds:
      return "forecast_holds";
    case ScaleCause::kMinChange:
      return "min_change";
    case ScaleCause::kStepLimit:
      return "step_limit";
    case ScaleCause::kLeast:
      return "gate_min";
    case ScaleCause::kMost:
      return "gate_max";
    case ScaleCause::kTurnBudget:
      return "turn_budget";
    case ScaleCause::kWaiting:
      return "waiting";
    case ScaleCause::kHoldMissingData:
      return "hold_missing_data";
    case ScaleCause::kUnknownCapacity:
      return "unknown_capacity";
  }
  return "unknown";
}

std::string_view forecast_standing_name(ForecastStanding standing) {
  switch (standing) {
    case ForecastStanding::kUsed:
      return "used";
    case ForecastStanding::kWithheld:
      return "withheld";
    case ForecastStanding::kDemoted:
      return "demoted";
    case ForecastStanding::kBroken:
      return "broken";
  }
  return "unknown";
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

bool ScaleDecision::know_capacity(const State& state, ScaleEvidence& evidence) const {
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

int64_t ScaleDecision::present(const State& state, const ScaleMoment& moment) const {
  if (state.desired <= 0 || !moment.replicas) return moment.replicas ? *moment.replicas : state.desired;
  const int64_t patience_ms = saturating_mul(state.start_ups.start_up_ms(params_.start_up_ms), kStartUpsToHeed);
  const bool on_its_way = saturating_sub(moment.time_ms, state.desired_ms) < patience_ms;
  return on_its_way ? state.desired : *moment.replicas;
}

void ScaleDecision::look_ahead(const State& state, const ScaleMoment& moment, ScaleEvidence& evidence) const {
  const CapacityPolicy& policy = params_.capacity_policy;
  const ForecastView& view = moment.forecast;
  evidence.relative_error = state.trial.relative_error();
  evidence.scored = state.trial.scored();
  evidence.standing = !view.available       ? ForecastStanding::kWithheld
                      : state.trial.demoted ? ForecastStanding::kDemoted
                                            : ForecastStanding::kUsed;
  if (evidence.standing != ForecastStanding::kUsed) return;
  const int64_t age_ms = std::max<int64_t>(saturating_sub(moment.time_ms, view.origin_ms), 0);
  evidence.lead_ms = policy.lead_ms(moment.time_ms, view.origin_ms, evidence.start_up_ms);
  evidence.beyond_horizons = evidence.lead_ms > saturating_mul(view.step_ms, view.steps.back());
  const auto soon = largest_expected(view, policy.quantile, *moment.load, evidence.lead_ms);
  const int64_t hold_ms = std::max(saturating_add(age_ms, params_.hold_ms), evidence.lead_ms);
  const auto later = largest_expected(view, params_.hold_quantile, *moment.load, hold_ms);
  if (!soon || !later) {
    evidence.standing = ForecastStanding::kBroken;
    return;
  }
  evidence.expected_load = *soon;
  evidence.forecast = replicas_needed(*soon, evidence.capacity, policy.target_utilisation).value_or(0);
  evidence.held = replicas_needed(*later, evidence.capacity, policy.target_utilisation).value_or(0);
}

void ScaleDecision::want(State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  ScaleEvidence& evidence = choice.evidence;
  evidence.reactive = replicas_needed(evidence.load, evidence.capacity, params_.reactive_target).value_or(0);
  const bool by_forecast = evidence.forecast > evidence.reactive;
  const double need = std::max(evidence.reactive, evidence.forecast);
  const int64_t now = std::clamp(whole_replicas(need), params_.least, params_.most);
  const int64_t held = std::clamp(whole_replicas(std::max(need, evidence.held)), params_.least, params_.most);
  state.need.add({.time_ms = moment.time_ms, .out = now, .in = held, .lag_records = 0}, params_.silence_ms);
  const auto least_out = state.need.least_out(params_.out_window_ms);
  const auto most_in = state.need.most_in(params_.in_window_ms);
  evidence.stabilised = most_in.value_or(choice.current);
  choice.wanted = now;
  choice.desired = choice.current;
  if (now > choice.current) {
    const int64_t lasting = least_out.value_or(choice.current);
    choice.cause = lasting <= choice.current ? ScaleCause::kStabilised : by_forecast ? ScaleCause::kForecast : ScaleCause::kReactive;
    if (lasting <= choice.current) return;
    if (worth_going_out(need, choice.current, params_.min_change_out))
      choice.desired = lasting;
    else
      choice.cause = ScaleCause::kMinChange;
    return;
  }
  if (now == choice.current) return;
  const int64_t to = std::max(evidence.stabilised, held);
  choice.cause = held >= choice.current ? ScaleCause::kForecastHolds : to > held ? ScaleCause::kStabilised : ScaleCause::kReactive;
  if (to >= choice.current) return;
  if (worth_going_in(to, choice.current, params_.min_change_in))
    choice.desired = to;
  else
    choice.cause = ScaleCause::kMinChange;
}

void ScaleDecision::want_by_threshold(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  ScaleEvidence& evidence = choice.evidence;
  evidence.standing = !moment.forecast.available ? ForecastStanding::kWithheld
                      : state.trial.demoted      ? ForecastStanding::kDemoted
                                                 : ForecastStanding::kUsed;
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
    default:
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
  if (choice.desired != choice.current) {
    const auto way = choice.desired > choice.current ? Direction::kGrow : Direction::kShrink;
    if (!state.turns.allow(way, moment.time_ms)) cut(choice.current, ScaleCause::kTurnBudget);
  }
  if (params_.threshold) return;
  const int64_t unbound = whole_replicas(std::max(choice.evidence.reactive, choice.evidence.forecast));
  cut(std::max(choice.desired, params_.least), ScaleCause::kLeast);
  cut(std::min(choice.desired, params_.most), ScaleCause::kMost);
  if (choice.desired == params_.most && unbound > params_.most) choice.cause = ScaleCause::kMost;
  if (choice.desired == params_.least && unbound < params_.least) choice.cause = ScaleCause::kLeast;
}

// Remembers what was decided, and says whether it is to be sent.
void ScaleDecision::settle(State& state, const ScaleMoment& moment, ScaleChoice& choice) const {
  const int64_t change = choice.desired - choice.current;
  const bool changed = choice.desired != state.desired && choice.desired > 0 && (change != 0 || state.desired > 0);
  if (change != 0) {
    state.turns.spend(change > 0 ? Direction::kGrow : Direction::kShrink, moment.time_ms);
    state.rates.note(params_.rates, moment.time_ms, change);
    state.start_ups.command(moment.time_ms, choice.current, choice.desired);
    if (params_.threshold) state.threshold.spend(moment.time_ms);
  }
  const int64_t next_ms = saturating_add(moment.time_ms, params_.capacity_policy.decision_interval_ms);
  const bool expires = next_ms >= saturating_add(state.sent_ms, params_.expiry_ms);
  const bool holds = choice.cause == ScaleCause::kHoldMissingData && choice.desired > 0;
  choice.command = changed || (holds && expires);
  if (changed) state.desired_ms = moment.time_ms;
  if (choice.command) state.sent_ms = moment.time_ms;
  if (choice.desired > 0) state.desired = choice.desired;
  choice.evidence.turns_left = turns_left(state.turns, moment.time_ms);
}

ScaleChoice ScaleDecision::decide(State& state, const ScaleMoment& moment) const {
  learn(state, moment);
  ScaleChoice choice;
  ScaleEvidence& evidence = choice.evidence;
  evidence.start_up_ms = state.start_ups.start_up_ms(params_.start_up_ms);
  choice.current = choice.desired = choice.wanted = present(state, moment);
  if (!known(moment)) {
    choice.desired = choice.wanted = state.desired > 0 ? state.desired : choice.current;
    choice.current = choice.desired;
    choice.cause = ScaleCause::kHoldMissingData;
    settle(state, moment, choice);
    return choice;
  }
  evidence.load = *moment.load;
  if (params_.threshold) {
    want_by_threshold(state, moment, choice);
  } else if (!know_capacity(state, evidence)) {
    choice.cause = ScaleCause::kUnknownCapacity;
  } else {
    look_ahead(state, moment, evidence);
    want(state, moment, choice);
  }
  if (choice.cause != ScaleCause::kUnknownCapacity) limit(state, moment, choice);
  settle(state, moment, choice);
  return choice;
}

Status check_scale_decision(const ScaleDecisionParams& params, const ForecastView& shape) {
  if (params.threshold) {
    if (const Status status = check_threshold_rule(*params.threshold, shape); !status) return status;
  } else if (const Status status = check_capacity_policy(params.capacity_policy, shape, params.start_up_ms); !status) {
    return status;
  }
  if (params.capacity && !(*params.capacity > 0)) return Status(Code::kInvalid, "capacity must be above 0");
  if (!(params.reactive_target > 0) || params.reactive_target > 1)
    return Status(Code::kInvalid, "reactive_target must be above 0 and at most 1");
  if (params.least < 0 || params.least > params.most) return Status(Code::kInvalid, "min must be at least 0 and at most max");
  if (std::min({params.out_window_ms, params.in_window_ms, params.hold_ms}) < 0 ||
      std::max(params.out_window_ms, params.in_window_ms) > StabilisedNeed::kMostWindowMs)
    return Status(Code::kInvalid, "stabilisation windows must be between 0 and an hour");
  return Status();
}

}  // namespace headroom
