#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "policy/capacity_estimator.h"
#include "policy/capacity_policy.h"
#include "policy/forecast_trial.h"
#include "policy/scale_rates.h"
#include "policy/scale_turns.h"
#include "policy/stabilised_need.h"
#include "policy/start_up_times.h"
#include "policy/threshold_policy.h"

namespace headroom {

// Which part had the last word on a desired number.
enum class ScaleCause : uint8_t {
  kSteady,           // what there is fits
  kReactive,         // the present load
  kForecast,         // the load expected within the lead
  kThreshold,        // a threshold was passed
  kStabilised,       // less would do now, but not for what the window saw
  kForecastHolds,    // less would do now, but not for what is expected later
  kMinChange,        // the change would be too small
  kStepLimit,        // the change was cut by the rates
  kLeast,            // the gate `min`
  kMost,             // the gate `max`
  kTurnBudget,       // no change of direction is left today
  kWaiting,          // too soon after the last decision of a threshold
  kHoldMissingData,  // nothing is known now: the last desired number holds
  kUnknownCapacity,  // what a replica carries has not been learned yet
};
// The snake_case word, as it stands in a reason code.
std::string_view scale_cause_name(ScaleCause cause);

// What became of the forecast.
enum class ForecastStanding : uint8_t { kUsed, kWithheld, kDemoted, kBroken };
std::string_view forecast_standing_name(ForecastStanding standing);

// One configuration for all series; what the defaults reach is in the README. Shares are of 1, numbers are replicas.
struct ScaleDecisionParams {
  CapacityPolicy capacity_policy;
  std::optional<ThresholdRule> threshold;  // decides instead of capacity, where given
  std::optional<double> capacity;          // load that a replica carries at utilisation 1; learned when not given
  int64_t start_up_ms = 90'000;            // until five start-ups have been seen
  double reactive_target = 0.8;            // utilisation at which the present load is carried
  int64_t out_window_ms = 0;               // a need is acted on when it lasted this long
  int64_t in_window_ms = 300'000;
  int64_t hold_ms = 900'000;  // in only when what is expected until then fits, too
  ForecastQuantile hold_quantile = ForecastQuantile::kQ80;
  double min_change_out = 0.1;  // of the present number
  double min_change_in = 0.1;
  ScaleRateLimits rates;
  int64_t least = 1;
  int64_t most = 1000;
  int64_t expiry_ms = 300'000;   // of a command
  int64_t silence_ms = 135'000;  // without a decision; longer, and what the windows held is forgotten
};

// What is known at a tick. What is not known is a gap.
struct ScaleMoment {
  int64_t time_ms = 0;
  std::optional<double> load;
  std::optional<int64_t> replicas;    // that there are now
  std::optional<double> utilisation;  // of those, 1 = saturated
  std::optional<ClosedStep> closed;   // the step that ended since the last tick
  ForecastView forecast;
};

// The numbers behind a decision.
struct ScaleEvidence {
  double load = 0;
  double capacity = 0;
  double capacity_spread = 0;  // 0 where it was given
  double reactive = 0;         // replicas, unrounded
  double expected_load = 0;    // the largest within the lead
  double forecast = 0;         // replicas for it, unrounded
  double held = 0;             // replicas for what is expected until hold_ms, unrounded
  int64_t stabilised = 0;      // the most that the window asked for
  int64_t lead_ms = 0;
  int64_t start_up_ms = 0;
  double relative_error = 1;  // of the forecast against persistence
  int64_t scored = 0;
  ForecastStanding standing = ForecastStanding::kWithheld;
  bool beyond_horizons = false;  // the lead reaches past the last horizon, whose numbers stand for the rest
  int64_t turns_left = 0;
};

struct ScaleChoice {
  int64_t current = 0;
  int64_t wanted = 0;   // before gates, rates and budgets
  int64_t desired = 0;  // absolute
  ScaleCause cause = ScaleCause::kSteady;
  bool command = false;  // to be sent: it changed, or would expire before the next tick while it must hold
  ScaleEvidence evidence;
};

// How many replicas a target should have, looked at at each tick.
//
// need = max(reactive, forecast): reactive = ceil(load / (capacity x reactive_target)) of the present, forecast = the same of the largest
// quantile within the lead (policy/capacity_policy.h). So a forecast can add and can hold, and never take away: in goes the number only to
// the most that the needs of the last in_window asked for, each of them at least the reactive one's.
//
// - No change of less than min_change; no faster than the rates; at most six changes of direction in 24 hours, the last kept for going out.
// - A forecast that does worse than persistence counts for nothing until it does better again (policy/forecast_trial.h).
// - In a gap nothing changes; the last desired number is said again before it expires.
// - The present number is the last desired one while it may still be on its way, else what is observed.
//
// Const and total: any input gives a choice. State is plain data. Moments come in the order of time; one thread for each State.
class ScaleDecision {
 public:
  struct State {
    int64_t desired = 0;  // 0: none yet
    int64_t desired_ms = 0;
    int64_t sent_ms = 0;
    StabilisedNeed need;
    ScaleTurns turns;
    ScaleRates rates;
    ForecastTrial trial;
    StartUpTimes start_ups;
    CapacityEstimator capacity;
    ThresholdPolicy threshold;
    auto fields() { return std::tie(desired, desired_ms, sent_ms, need, turns, rates, trial, start_ups, capacity, threshold); }
  };

  explicit ScaleDecision(const ScaleDecisionParams& params) : params_(params) {}
  ScaleChoice decide(State& state, const ScaleMoment& moment) const;

 private:
  void learn(State& state, const ScaleMoment& moment) const;
  bool know_capacity(const State& state, ScaleEvidence& evidence) const;
  void look_ahead(const State& state, const ScaleMoment& moment, ScaleEvidence& evidence) const;
  void want(State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void want_by_threshold(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void limit(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void settle(State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  int64_t present(const State& state, const ScaleMoment& moment) const;

  ScaleDecisionParams params_;
};

// Every fault of the parameters that a configuration could have; `shape` has the forecast's horizons.
[[nodiscard]] Status check_scale_decision(const ScaleDecisionParams& params, const ForecastView& shape);

}  // namespace headroom
