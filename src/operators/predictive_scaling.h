#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "forecast/forecaster.h"
#include "headroom/cold_state.h"
#include "headroom/load_event.h"
#include "headroom/operator.h"
#include "operators/load_assessment.h"
#include "operators/predictive_scaling_params.h"
#include "policy/load_steps.h"
#include "policy/scale_decision.h"

namespace headroom {

// Which rule is for which target; shared by the operators of both sizes.
class PredictiveRules {
 public:
  struct Compiled {
    PredictiveRule rule;
    ScaleDecision decision;
    int64_t expiry_ms;
    ActionMode mode;
    bool counter;  // the load counts from its start on
  };
  explicit PredictiveRules(const PredictiveScalingParams& params);
  // The first that fits; null when none does.
  const Compiled* of(std::string_view target) const;
  // Whether the sample is one of those that the target's rule reads.
  static bool reads(const Compiled& rule, const Sample& sample);

 private:
  std::vector<Compiled> rules_;
};

// Forecasts the load of each target and says how many replicas it should have: steps out of samples (policy/load_steps.h), a forecast at
// the end of each (forecast/forecaster.h), a decision at each tick (policy/scale_decision.h). Where words leave a choice, this is taken:
//
// - A step is over when a sample of the target's load falls into a later one, or when a tick is `metric_delay` beyond its end.
// - The present load is the sum over the instances that were heard within a step before the newest sample; utilisation the mean of the
//   samples since the last decision; replicas the last sample, as long as it is not older than a gap.
// - Decided is at the first tick of each decision interval (since the epoch), from the first sample of the load on.
// - A new target's forecasts are withheld as `starting` until there are some, then as `rebuilding` until they were better than the last
// value
//   (policy/forecast_trial.h): a target whose state was lost is new. In a gap they are withheld as `gap`.
// - A target is forgotten 48 h after its last sample, as the lane's time goes.
template <class Size>
class PredictiveScaling {
 public:
  using In = LoadEvent;
  using Out = LoadOutput;
  using Forecasts = Forecaster<Size>;
  using Cold = typename ForecasterState<Size>::Cold;

  // The forecast of the last step, until the next one.
  struct LastForecast {
    bool available = false;
    int64_t origin_ms = 0;
    std::array<std::array<double, 7>, ForecastView::kHorizons> at{};  // the point, then the quantiles
    auto fields() { return std::tie(available, origin_ms, at); }
  };
  // The rule of the target; found anew after a restore, so not part of its bytes.
  struct RuleRef {
    const PredictiveRules::Compiled* rule = nullptr;
    void save(ByteWriter&) const {}
    bool load(ByteReader&) { return true; }
  };
  struct State {
    typename ForecasterState<Size>::Hot series;
    LoadSteps load;
    LastForecast forecast;
    std::optional<double> closed;  // the value of the step that ended since the last decision
    int64_t closed_ms = 0;
    int64_t replicas_ms = 0;
    int64_t replicas = 0;
    double busy_sum = 0;  // utilisation since the last decision
    int64_t busy_count = 0;
    int64_t tick_ms = 0;
    int64_t decided = 0;  // interval
    ScaleDecision::State decision;
    ShadowScore shadow;
    RuleRef rule;
    auto fields() {
      return std::tie(series, load, forecast, closed, closed_ms, replicas_ms, replicas, busy_sum, busy_count, tick_ms, decided, decision,
                      shadow, rule);
    }
  };
  static constexpr uint32_t kStateVersion = 1;

  // `rules` and `params` are those of the topology.
  PredictiveScaling(const PredictiveScalingParams& params, std::shared_ptr<const PredictiveRules> rules);

  static StateKey key(const LoadEvent& in) { return {in.sample.target, {}}; }
  static bool for_all(const LoadEvent& in) { return in.tick; }
  // A sample that the target's rule reads.
  void step(State& state, const ColdState<Cold>& cold, const LoadEvent& in, Emitter<LoadOutput>& emit) const;
  void step_all(const StateKey& key, State& state, const ColdState<Cold>& cold, const LoadEvent& tick, Emitter<LoadOutput>& emit) const;
  void after_all(const LoadEvent&, Emitter<LoadOutput>&) const {}
  int64_t idle_ms() const { return 48 * int64_t{3'600'000}; }

 private:
  // One target at one input.
  struct At {
    std::string_view target;
    State& state;
    const ColdState<Cold>& cold;
    Emitter<LoadOutput>& emit;
    const PredictiveRules::Compiled& rule;
  };
  const PredictiveRules::Compiled* rule_of(State& state, std::string_view target) const;
  void take_load(const At& at, const Sample& sample) const;
  void close_steps(const At& at, int64_t before) const;
  void close(const At& at, const LoadStep& step) const;
  std::optional<Forecast> forecast(const At& at, const LoadStep& step) const;
  void report(const At& at, const LoadStep& step, const std::optional<Forecast>& forecast) const;
  void decide(const At& at, int64_t time_ms) const;
  ScaleMoment moment(const State& state, int64_t time_ms) const;
  std::string_view withheld(const State& state) const;
  int64_t step_end(int64_t index) const { return (index + 1) * steps_.step_ms; }

  std::shared_ptr<const PredictiveRules> rules_;
  LoadStepRule steps_;
  int64_t interval_ms_;
  int64_t delay_ms_;
  bool report_;
  std::array<int, kForecastHorizons> horizons_;
  Forecasts forecaster_;
  std::function<void(Forecast&)> distort_;
};

extern template class PredictiveScaling<HeadroomSize>;
extern template class PredictiveScaling<HeadroomSmallSize>;

}  // namespace headroom
