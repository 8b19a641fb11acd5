#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "policy/adaptive_target.h"
#include "policy/capacity_estimator.h"
#include "policy/capacity_policy.h"
#include "policy/forecast_trial.h"
#include "policy/scale_choice.h"
#include "policy/scale_rates.h"
#include "policy/scale_turns.h"
#include "policy/stabilised_need.h"
#include "policy/start_up_times.h"
#include "policy/surprise_hold.h"
#include "policy/threshold_policy.h"

namespace headroom {

// Whose changes of direction are limited to six in 24 hours.
enum class TurnBudget : uint8_t {
  kForecast,  // those that a forecast begins, and the way back from them; when they are used up the present load alone decides
  kAll,       // all of them, the last kept for going out; what was gone out to then stays
};

// One configuration for all loads; what its defaults reach is measured by `headroom backtest`. Shares are of 1, numbers are replicas.
struct ScaleDecisionParams {
  CapacityPolicy capacity_policy{.target_utilisation = 0.93};
  std::optional<ThresholdRule> threshold;  // decides instead of capacity, where given; its turns are all limited
  std::optional<double> capacity;          // load that a replica carries at utilisation 1; learned when not given
  int64_t start_up_ms = 90'000;            // until five start-ups have been seen
  TargetRule target;                       // for the present load
  double most_premium = 1.15;              // times the middle of what is expected: what more certainty would cost is not bought
  int64_t out_window_ms = 0;               // a need is acted on when it lasted this long
  int64_t in_window_ms = 300'000;
  int64_t hold_ms = 0;  // in only when what is expected until then, at the hold quantile, fits too
  ForecastQuantile hold_quantile = ForecastQuantile::kQ50;
  double min_change_out = 0.06;       // of the present number, for the present load
  double min_change_forecast = 0.08;  // for what is expected
  double min_change_in = 0.12;
  double out_room = 0.03;  // more than is needed when it goes out, so that it does so less often
  SurpriseRule surprise;
  TurnBudget turn_budget = TurnBudget::kForecast;
  ScaleRateLimits rates;
  int64_t least = 1;
  int64_t most = 1000;
  int64_t expiry_ms = 300'000;   // of a command
  int64_t silence_ms = 135'000;  // without a decision; after a longer one the windows begin anew
  bool proof = true;             // forecasts count only once they have been better than persistence
  bool shadow = false;           // nobody carries commands out: decides as if they had been
};

// What is known at a tick. What is not known is a gap.
struct ScaleMoment {
  int64_t time_ms = 0;
  std::optional<double> load = std::nullopt;
  bool load_aged = false;                            // nothing newer came for a while: not to be gone in on
  std::optional<int64_t> replicas = std::nullopt;    // that there are now
  std::optional<double> utilisation = std::nullopt;  // of those, 1 = saturated
  std::optional<ClosedStep> closed = std::nullopt;   // the step that ended since the last tick
  ForecastView forecast = {};
};

// How many replicas a target should have, looked at at each tick.
//
// need = max(reactive, forecast): reactive = ceil(load / (capacity x target)) of the present load, the target found by what happens
// (policy/adaptive_target.h); forecast = the same for the largest quantile within the lead (policy/capacity_policy.h), at most the premium
// above the middle. So a forecast can add and can hold, and never take away: in goes the number only to the most that the needs of the last
// in_window asked for, each of them at least the reactive one's.
//
// - No change of less than the least changes; no faster than the rates; changes of direction as the budget has it.
// - A forecast counts once it has done better than persistence, and no longer when it does worse (policy/forecast_trial.h).
// - What a small surprise asked for is kept for a while (policy/surprise_hold.h).
// - While what a replica carries is not known yet, replicas that are too busy lead out by what they lack.
// - In a gap nothing changes; the last desired number is said again before it expires.
// - The present number is the last desired one while that may still be on its way, else what is observed.
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
    SurpriseHold surprise;
    AdaptiveTarget target;
    auto fields() {
      return std::tie(desired, desired_ms, sent_ms, need, turns, rates, trial, start_ups, capacity, threshold, surprise, target);
    }
  };

  explicit ScaleDecision(const ScaleDecisionParams& params) : params_(params) {}
  ScaleChoice decide(State& state, const ScaleMoment& moment) const;

 private:
  // What the present and the expected load ask for.
  struct Needs {
    double need = 0;   // replicas, unrounded
    int64_t now = 0;   // whole, within the gates
    int64_t held = 0;  // the same with what is expected until hold_ms and what a surprise asked for
  };
  void learn(State& state, const ScaleMoment& moment) const;
  bool know_capacity(const State& state, ChoiceEvidence& evidence) const;
  int64_t present(const State& state, const ScaleMoment& moment) const;
  int64_t ready(const State& state, const ScaleMoment& moment) const;
  ForecastStanding standing(const State& state, const ScaleMoment& moment) const;
  std::optional<double> expected(const ScaleMoment& moment, ForecastQuantile quantile, int64_t until_ms) const;
  void look_ahead(const State& state, const ScaleMoment& moment, ChoiceEvidence& evidence) const;
  Needs needs(State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void want_by_capacity(State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void want_by_utilisation(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void want_by_threshold(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void go_out(const State& state, const Needs& needs, ScaleChoice& choice) const;
  void go_in(const Needs& needs, ScaleChoice& choice) const;
  void limit(const State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  void hold(const State& state, ScaleChoice& choice) const;
  void settle(State& state, const ScaleMoment& moment, ScaleChoice& choice) const;
  bool all_turns_count() const { return params_.threshold || params_.turn_budget == TurnBudget::kAll; }

  ScaleDecisionParams params_;
};

// The first fault of the parameters that a configuration could have; `shape` has the forecast's horizons.
[[nodiscard]] Status check_scale_decision(const ScaleDecisionParams& params, const ForecastView& shape);

}  // namespace headroom
