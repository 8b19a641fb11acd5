#include "operators/predictive_scaling.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/hash.h"
#include "policy/saturating.h"
#include "policy/target_pattern.h"

namespace headroom {
namespace {

constexpr double kMostLoad = 1e30;  // beyond any load, within a float
// Of what is said of a horizon: the point, then the quantiles 0.1, 0.5, 0.8, 0.9, 0.95, 0.99.
constexpr size_t kSaid = 1 + kForecastQuantiles;

ForecastPoint point_of(const std::array<double, kSaid>& said) {
  return {.point = said[0], .q50 = said[2], .q80 = said[3], .q90 = said[4], .q95 = said[5], .q99 = said[6]};
}

}  // namespace

PredictiveRules::PredictiveRules(const PredictiveScalingParams& params) {
  for (const PredictiveRule& rule : params.targets) {
    const bool propose = params.propose_only || rule.mode == ActionMode::kPropose;
    rules_.push_back({.rule = rule,
                      .decision = ScaleDecision(decision_params(params, rule)),
                      .expiry_ms = rule.decision.expiry_ms,
                      .mode = propose ? ActionMode::kPropose : ActionMode::kApply,
                      .counter = rule.load.ends_with("_total")});
  }
}

const PredictiveRules::Compiled* PredictiveRules::of(std::string_view target) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Compiled& c) { return target_fits(c.rule.target, target); });
  return found == rules_.end() ? nullptr : &*found;
}

bool PredictiveRules::reads(const Compiled& rule, const Sample& sample) {
  return sample.metric == Metric::kReplicas || sample.metric_name == rule.rule.load ||
         (!rule.rule.utilisation.empty() && sample.metric_name == rule.rule.utilisation);
}

template <class Size>
PredictiveScaling<Size>::PredictiveScaling(const PredictiveScalingParams& params, std::shared_ptr<const PredictiveRules> rules)
    : rules_(std::move(rules)),
      steps_{.step_ms = params.step_ms, .most_instances = static_cast<size_t>(std::max<int64_t>(params.most_instances, 1))},
      interval_ms_(params.decision_interval_ms),
      delay_ms_(params.metric_delay_ms),
      report_(params.write_forecasts),
      horizons_(ForecasterSettings().horizons),
      forecaster_({.step_ms = params.step_ms, .horizons = horizons_, .seed = static_cast<uint64_t>(params.seed)}),
      distort_(params.distort) {}

template <class Size>
const PredictiveRules::Compiled* PredictiveScaling<Size>::rule_of(State& state, std::string_view target) const {
  if (state.rule.rule == nullptr) state.rule.rule = rules_->of(target);
  return state.rule.rule;
}

template <class Size>
void PredictiveScaling<Size>::step(State& state, const ColdState<Cold>& cold, const LoadEvent& in, Emitter<LoadOutput>& emit) const {
  const Sample& sample = in.sample;
  const auto* rule = rule_of(state, sample.target);
  if (rule == nullptr) return;
  const At at{sample.target, state, cold, emit, *rule};
  if (sample.metric_name == rule->rule.load) return take_load(at, sample);
  if (sample.metric == Metric::kReplicas) {
    if (sample.time_ms < state.replicas_ms) return emit(LoadRefusal{"late"});
    state.replicas_ms = sample.time_ms;
    state.replicas = std::llrint(std::clamp(sample.value, 0.0, static_cast<double>(kMostReplicas)));
  } else {
    state.busy_sum += std::clamp(sample.value, 0.0, 1.0);
    ++state.busy_count;
  }
}

template <class Size>
void PredictiveScaling<Size>::take_load(const At& at, const Sample& sample) const {
  close_steps(at, sample.time_ms / steps_.step_ms);
  const LoadSample taken{hash_bytes(sample.instance), sample.time_ms, sample.value, at.rule.counter};
  switch (at.state.load.add(steps_, taken)) {
    case LoadSampleFate::kTaken:
      return;
    case LoadSampleFate::kLate:
      return at.emit(LoadRefusal{"late"});
    case LoadSampleFate::kTooManyInstances:
      return at.emit(LoadRefusal{"too_many_instances"});
  }
}

template <class Size>
void PredictiveScaling<Size>::step_all(const StateKey& key, State& state, const ColdState<Cold>& cold, const LoadEvent& tick,
                                       Emitter<LoadOutput>& emit) const {
  const auto* rule = rule_of(state, key.first);
  if (rule == nullptr || tick.time_ms <= state.tick_ms) return;
  state.tick_ms = tick.time_ms;
  const At at{key.first, state, cold, emit, *rule};
  close_steps(at, std::max<int64_t>(tick.time_ms - delay_ms_, 0) / steps_.step_ms);
  const int64_t interval = tick.time_ms / interval_ms_;
  if (interval <= state.decided || state.load.open < 0) return;
  state.decided = interval;
  decide(at, tick.time_ms);
}

template <class Size>
void PredictiveScaling<Size>::close_steps(const At& at, int64_t before) const {
  while (const auto step = at.state.load.close_before(steps_, before)) close(at, *step);
  if (!at.state.load.known(steps_)) at.state.forecast.available = false;
}

template <class Size>
void PredictiveScaling<Size>::close(const At& at, const LoadStep& step) const {
  State& state = at.state;
  auto made = forecast(at, step);
  if (made && distort_) distort_(*made);
  state.closed = step.value;
  state.closed_ms = step_end(step.index);
  state.forecast.available = made.has_value();
  state.forecast.origin_ms = state.closed_ms;
  if (made) {
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      state.forecast.at[h][0] = made->point[h];
      for (size_t q = 0; q < kForecastQuantiles; ++q) state.forecast.at[h][q + 1] = made->quantiles[h][q];
    }
  }
  if (report_) report(at, step, made);
}

// The two parts of the forecaster's state are kept apart, and one of them may have been forgotten: the other one is new then, too.
template <class Size>
std::optional<Forecast> PredictiveScaling<Size>::forecast(const At& at, const LoadStep& step) const {
  auto& hot = at.state.series;
  const auto value = static_cast<float>(std::clamp(step.value, -kMostLoad, kMostLoad));
  const Cold* known = at.cold.look();
  const bool whole = known != nullptr && ForecasterState<Size>::belong_together(hot, *known);
  if (!whole) hot = {};
  const bool changes = !whole || forecaster_.changes_cold(hot, step.index, value);
  // Not to be changed then: changes_cold says so.
  Cold* cold = changes ? at.cold.change() : const_cast<Cold*>(known);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  if (cold == nullptr) return std::nullopt;
  if (!whole) *cold = {};
  return forecaster_.step({hot, *cold}, step.index, value);
}

template <class Size>
std::string_view PredictiveScaling<Size>::withheld(const State& state) const {
  if (!state.load.known(steps_)) return "gap";
  if (!state.forecast.available) return "starting";
  return state.decision.trial.proven ? std::string_view() : "rebuilding";
}

template <class Size>
void PredictiveScaling<Size>::report(const At& at, const LoadStep& step, const std::optional<Forecast>& made) const {
  static const auto kNames = Forecasts::expert_names();
  const State& state = at.state;
  ForecastReport out;
  out.target = at.target;
  out.metric = at.rule.rule.load;
  out.size = Size::kName;
  out.time_ms = step_end(step.index);
  out.step_ms = steps_.step_ms;
  out.value = step.value;
  out.carried = step.carried;
  out.withheld = withheld(state);
  out.experts = kNames;
  out.relative_error = state.decision.trial.relative_error();
  out.coverage = state.decision.trial.coverage();
  out.scored = state.decision.trial.scored();
  out.demoted = state.decision.trial.demoted;
  const Cold* cold = at.cold.look();
  if (made && out.withheld.empty() && cold != nullptr) {
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      const auto weights = Forecasts::expert_weights(*cold, h);
      out.ahead.push_back({horizons_[h], made->point[h], made->quantiles[h], {weights.begin(), weights.end()}});
    }
  }
  at.emit(std::move(out));
}

template <class Size>
ScaleMoment PredictiveScaling<Size>::moment(const State& state, int64_t time_ms) const {
  ScaleMoment out{.time_ms = time_ms};
  if (state.load.known(steps_)) out.load = std::max(state.load.now(steps_), 0.0);
  out.load_aged = state.load.newest_ms < time_ms - delay_ms_ - steps_.step_ms;
  const int64_t oldest_ms = time_ms - delay_ms_ - (steps_.carried + 1) * steps_.step_ms;
  if (state.replicas_ms >= oldest_ms) out.replicas = state.replicas;
  if (state.busy_count > 0) out.utilisation = state.busy_sum / static_cast<double>(state.busy_count);
  if (state.closed) out.closed = ClosedStep{state.closed_ms, *state.closed};
  out.forecast.available = state.forecast.available;
  out.forecast.origin_ms = state.forecast.origin_ms;
  out.forecast.step_ms = steps_.step_ms;
  for (size_t h = 0; h < ForecastView::kHorizons; ++h) {
    out.forecast.steps[h] = horizons_[h];
    out.forecast.at[h] = point_of(state.forecast.at[h]);
  }
  return out;
}

template <class Size>
void PredictiveScaling<Size>::decide(const At& at, int64_t time_ms) const {
  State& state = at.state;
  const ScaleMoment now = moment(state, time_ms);
  LoadAssessment made;
  made.choice = at.rule.decision.decide(state.decision, now);
  state.closed.reset();
  state.busy_sum = 0;
  state.busy_count = 0;
  made.target = at.target;
  made.metric = at.rule.rule.load;
  made.withheld = withheld(state);
  made.time_ms = time_ms;
  made.expiry_ms = at.rule.expiry_ms;
  made.mode = at.rule.mode;
  made.least = at.rule.rule.decision.least;
  made.most = at.rule.rule.decision.most;
  const auto full = replicas_needed(made.choice.evidence.load, made.choice.evidence.capacity, 1);
  if (made.mode == ActionMode::kPropose && full && now.load && now.replicas) state.shadow.add({*full, made.choice.desired, *now.replicas});
  made.shadow = state.shadow;
  at.emit(made);
}

template class PredictiveScaling<HeadroomSize>;
template class PredictiveScaling<HeadroomSmallSize>;

}  // namespace headroom
