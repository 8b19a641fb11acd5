#include "forecast/forecaster.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/lstm_training.h"
#include "forecast/packed.h"
#include "forecast/series_scale.h"

namespace headroom {
namespace {

constexpr int64_t kWarmUp = 8;  // steps without a forecast after a beginning
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr float kMostTarget = 30;    // scales
constexpr float kMostSaid = 1e4F;    // the same
constexpr float kUnitShare = 0.05F;  // of the mean size
constexpr float kCompanionDays = 3;  // the life of the companions' regressions

// Places of horizons, `to` not among them.
struct HorizonRange {
  size_t from, to;
};

float clip(float x, float most) {
  return std::clamp(x, -most, most);
}
// Whether values have become so large or small that another unit is due.
bool outgrown(float unit, float mean_size) {
  const float due = kUnitShare * mean_size;
  return due > 0 && (unit > 4 * due || unit < due / 4);
}
// Beyond any load; keeps squares and sums finite.
float bounded_value(float value) {
  return clip(value, 1e15F);
}
float or_zero(float x) {
  return std::isnan(x) ? 0.0F : x;
}

}  // namespace

// A series at one step, as all is made from it that is said there or learned from it: `filters` as of that step.
template <class Size>
struct Forecaster<Size>::Origin {
  const Forecaster& self;
  Parts state;
  int64_t step;
  const SeriesFilters& filters;
  DomainView log;
  DomainView level;
  std::array<DayWaves, kForecastHorizons> waves{};
  std::array<Features, kForecastHorizons> log_inputs;
  std::array<Features, kForecastHorizons> level_inputs;
  std::conditional_t<(Size::kCompanions > 0), Features, NoCompanions> companions;
  bool with_companions = false;

  Origin(const Forecaster& forecaster, const Parts& of, int64_t at, const SeriesFilters& series, HorizonRange horizons)
      : self(forecaster), state(of), step(at), filters(series) {
    log.filters = &series.log;
    level.filters = &series.level;
    log.scale = std::max(series.log.scale, 1e-5F);
    level.scale = self.scale_of(state, series);
    for (size_t i = 0; i <= Size::kLags; ++i) level.lags[i] = self.value_at(state, step - static_cast<int64_t>(i));
    for (size_t i = 0; i <= Size::kLags; ++i) log.lags[i] = to_log(level.lags[i], state.hot.unit);
    log.now = log.lags[0];
    level.now = level.lags[0];
    look(0, step, log.days, level.days);
    for (size_t h = horizons.from; h < horizons.to; ++h) {
      const int64_t ahead = step + self.settings_.horizons[h];
      look(h + 1, ahead, log.days_ahead[h], level.days_ahead[h]);
      day_waves(static_cast<float>(ahead % self.clock_.day) / static_cast<float>(self.clock_.day), waves[h].data());
      log_inputs[h] = inputs_of<Size>(log, h, waves[h]);
      if constexpr (Size::kLevelRidges > 0) level_inputs[h] = inputs_of<Size>(level, h, waves[h]);
    }
    if constexpr (Size::kCompanions > 0)
      with_companions = state.cold.companions.inputs({state.hot.companions, state.cold.learned, step}, companions);
  }

  // What the season knows of step `at`.
  void look(size_t place, int64_t at, std::array<float, 8>& log_days, std::array<float, 8>& level_days) {
    const auto& season = state.cold.season;
    const float unit = state.hot.unit;
    for (size_t day = 0; day < Size::kDays; ++day)
      log_days[day] = season.at(self.clock_, at - static_cast<int64_t>(day + 1) * self.clock_.day);
    if constexpr (Size::kDays > 0) from_log8(log_days.data(), unit, level_days.data());
    log.profile[place] = season.profile_at(self.clock_, at);
    level.profile[place] = from_log(log.profile[place], unit);
    log.hour[place] = season.hour_at(self.clock_, at);
    // By how much the value changes with its logarithm.
    level.hour[place] = log.hour[place] * std::sqrt(level.now * level.now + 4 * unit * unit);
    if constexpr (Size::kHourLag) {
      const bool known = self.clock_.hour > 0 && step - self.clock_.hour >= state.hot.begin && at - self.clock_.hour <= step;
      level.hour_ago[place] = known ? self.value_at(state, at - self.clock_.hour) : kNone;
      log.hour_ago[place] = known ? to_log(level.hour_ago[place], unit) : kNone;
    }
  }

  // Four times what it is now, and ten times what it usually is, is as far as anyone may go.
  float bounded(float value) const {
    const float most = 4 * std::abs(level.now) + 10 * state.hot.mean_size;
    return std::clamp(value, state.hot.lowest < 0 ? -most : 0.0F, most);
  }

  float from_logs(float change) const { return bounded(from_log(log.now + log.scale * clip(change, kMostTarget), state.hot.unit)); }
  float ridge(size_t r, size_t h) const {
    const auto& ridge = state.cold.ridges[r][h];
    if (r >= Size::kLogRidges) return bounded(level.now + level.scale * clip(predict(ridge, level_inputs[h]), kMostTarget));
    return from_logs(predict(ridge, log_inputs[h]));
  }

  // All but the LSTM, relative to now, in scales; the LSTM stands where the first regression does, which it corrects.
  Experts experts(size_t h) const {
    Experts out{};
    size_t e = 1;
    const auto put = [&](float value) { out[e++] = clip((value - level.now) / level.scale, kMostSaid); };
    put(level.now + or_zero(Size::kDays > 0 ? level.days_ahead[h][0] - level.days[0] : level.profile[h + 1] - level.profile[0]));
    for (size_t i = 0; i < Size::kSes; ++i) put(filters.ses[i]);
    for (size_t i = 0; i < Size::kHolt; ++i) put(filters.holt(i, self.settings_.horizons[h]));
    put(std::isnan(log.profile[h + 1]) ? level.now : bounded(from_log(log.profile[h + 1] + filters.seasonal_level, state.hot.unit)));
    for (size_t r = 0; r < State::kRidges; ++r) put(ridge(r, h));
    if constexpr (Size::kCompanions > 0) {
      const float plain = predict(state.cold.ridges[0][h], log_inputs[h]);
      put(from_logs(with_companions ? state.cold.companions.corrected(h, companions, plain) : plain));
    }
    out[e] = out[State::kFirstRidge];
    return out;
  }
};

template <class Size>
Forecaster<Size>::Forecaster(const ForecasterSettings& settings, const LstmWeights* global)
    : settings_(settings), clock_(StepClock::of(settings.step_ms, Size::kBinMs)), global_(global) {
  size_t pending = 0, said = 0;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    blocks_[h] = (settings.horizons[h] + kBlock - 1) / kBlock;
    pending_from_[h] = pending;
    said_from_[h] = said;
    pending += static_cast<size_t>(settings.horizons[h]);
    said += static_cast<size_t>(blocks_[h]);
  }
}

template <class Size>
float Forecaster<Size>::value_at(const Parts& state, int64_t step) const {
  const int64_t from = std::max(step, state.hot.begin);
  if (from > state.cold.learned) return state.hot.block[static_cast<size_t>(from - state.cold.learned - 1)];
  return state.cold.recent[static_cast<size_t>(from) % State::kRecent];
}

// Never zero: a series that stands still is told from noise by what its size says.
template <class Size>
float Forecaster<Size>::scale_of(const Parts& state, const SeriesFilters& filters) const {
  return std::max(filters.level.scale, 1e-6F * std::max(state.hot.mean_size, 1e-9F));
}

template <class Size>
bool Forecaster<Size>::forecast_at(const Parts& state, int64_t step) const {
  return step >= state.hot.begin + kWarmUp;
}

template <class Size>
size_t Forecaster<Size>::pending_at(size_t horizon, int64_t step) const {
  return pending_from_[horizon] + static_cast<size_t>(step % settings_.horizons[horizon]);
}

template <class Size>
Said<Forecaster<Size>::State::kExperts>& Forecaster<Size>::said_at(const Parts& state, size_t horizon, int64_t step) const {
  return state.cold.said[said_from_[horizon] + static_cast<size_t>(step / kBlock % blocks_[horizon])];
}

template <class Size>
size_t Forecaster<Size>::spread_slot(int64_t step) const {
  constexpr auto kSlots = static_cast<int64_t>(Size::kSpreadSlots);
  return static_cast<size_t>(step % clock_.day * kSlots / clock_.day);
}

template <class Size>
bool Forecaster<Size>::other_companions(const Hot& hot) const {
  if constexpr (Size::kCompanions > 0) return hot.companions.count != std::min(settings_.companions, Size::kCompanions);
  return false;
}

// The first value of all, or the first after a gap: what was learned stays, what hangs on the steps before begins anew.
template <class Size>
void Forecaster<Size>::begin(const Parts& state, int64_t step) const {
  auto& [hot, cold] = state;
  if constexpr (Size::kCompanions > 0) cold.companions.restart();
  if (hot.step < 0) {
    cold.season.begin();
    for (auto& ridges : cold.ridges)
      for (auto& ridge : ridges) Ridge::begin(ridge, 0.02F);
    for (auto& blend : cold.blend) Ridge::begin(blend.stack, 1 / 30.0F);
    if constexpr (Size::kOwnWeights) cold.own.random = settings_.seed;
  }
  hot.filters.restart();
  for (auto& filters : cold.filters) filters.restart();
  cold.season.restart();
  for (auto& said : cold.said) said.step = -1;
  hot.begin = step;
  hot.lstm = {};
  cold.learned = step - 1;
}

template <class Size>
float Forecaster<Size>::mean_size_with(const Hot& hot, float value) const {
  // One outlier may not make all that follows look small.
  const float size = hot.mean_size > 0 ? std::min(std::abs(value), 10 * hot.mean_size) : std::abs(value);
  return hot.mean_size + mean_rate(std::min(hot.values + 1, kMostValues), clock_.day) * (size - hot.mean_size);
}

template <class Size>
void Forecaster<Size>::measure(const Parts& state, float value) const {
  auto& hot = state.hot;
  hot.mean_size = mean_size_with(hot, value);
  hot.values = std::min(hot.values + 1, kMostValues);
  hot.lowest = std::min(hot.lowest, value);
  if (outgrown(hot.unit, hot.mean_size)) rebase(state, kUnitShare * hot.mean_size);
}

template <class Size>
bool Forecaster<Size>::changes_cold(const Hot& hot, int64_t step, float value) const {
  return step % kBlock == kBlock - 1 || hot.step < 0 || step != hot.step + 1 || other_companions(hot) ||
         outgrown(hot.unit, mean_size_with(hot, bounded_value(value)));
}

template <class Size>
void Forecaster<Size>::rebase(const Parts& state, float unit) const {
  auto& [hot, cold] = state;
  const auto again = [old = hot.unit, unit](float log_value) { return to_log(from_log(log_value, old), unit); };
  const auto filters = [&](SeriesFilters& f) {
    f.last_log = again(f.last_log);
    for (float& mean : f.log.means) mean = again(mean);
  };
  filters(hot.filters);
  for (auto& f : cold.filters) filters(f);
  cold.season.rebase(again);
  hot.unit = unit;
}

// The value of a step of which forecasts were made.
template <class Size>
void Forecaster<Size>::hear(const Parts& state, int64_t step, float value) const {
  auto& hot = state.hot;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    const int64_t origin = step - settings_.horizons[h];
    if (!forecast_at(state, origin)) continue;
    auto& spread = hot.spread[h];
    const float error = value - hot.point[pending_at(h, origin)];
    const float most = 10 * std::max(spread.errors[2], scale_of(state, hot.filters));
    spread.hear(error, from_bfloat(hot.width[pending_at(h, origin)]), most, clock_.day, hot.values);
  }
}

template <class Size>
void Forecaster<Size>::learn_ridges(const Parts& state, const Origin& at, size_t h) const {
  auto& cold = state.cold;
  const float then = value_at(state, at.step + settings_.horizons[h]);
  if constexpr (Size::kOwnWeights) cold.own.label(at.step, h, (then - at.ridge(0, h)) / at.level.scale);
  const float huber = 0.7F * std::sqrt(static_cast<float>(settings_.horizons[h]));
  if constexpr (Size::kCompanions > 0) {
    const float plain = clip(predict(cold.ridges[0][h], at.log_inputs[h]), kMostTarget);
    const float target = clip((to_log(then, state.hot.unit) - at.log.now) / at.log.scale, kMostTarget);
    const float life = std::max(kCompanionDays * static_cast<float>(clock_.day), 2.0F * kCompanionInputs);
    if (at.with_companions) cold.companions.learn(h, at.companions, {plain, target, huber, 1 - 1 / life});
  }
  for (size_t r = 0; r < State::kRidges; ++r) {
    const bool log = r < Size::kLogRidges;
    const auto& view = log ? at.log : at.level;
    const float target = ((log ? to_log(then, state.hot.unit) : then) - view.now) / view.scale;
    const float life = std::max(Size::kLives[r] * static_cast<float>(clock_.day), 2.0F * State::kInputs);
    Ridge ridge(cold.ridges[r][h]);
    ridge.learn(log ? at.log_inputs[h] : at.level_inputs[h], clip(target, kMostTarget), huber, 1 - 1 / life);
    ridge.store(cold.ridges[r][h]);
  }
}

// Learns from an origin whose value one horizon later is known; all that is seen of the past is as it was then.
template <class Size>
void Forecaster<Size>::learn_from(const Parts& state, size_t h, int64_t origin) const {
  auto& cold = state.cold;
  auto& filters = cold.filters[h];
  const float value = value_at(state, origin);
  filters.advance(value, to_log(value, state.hot.unit), cold.season.profile_at(clock_, origin), clock_.day);
  if (forecast_at(state, origin)) learn_ridges(state, Origin(*this, state, origin, filters, {h, h + 1}), h);
  if (h + 1 == kForecastHorizons) cold.season.take(clock_, origin, filters);
}

// Learns from what was said at the end of a block, how to blend and how wide to be.
template <class Size>
void Forecaster<Size>::learn_said(const Parts& state, size_t h) const {
  auto& cold = state.cold;
  const int64_t origin = state.hot.step - blocks_[h] * kBlock;
  if (origin < 0) return;
  const auto& said = said_at(state, h, origin);
  if (said.step != origin) return;
  const int64_t ahead = origin + settings_.horizons[h];
  const float then = value_at(state, ahead);
  const float blocks_a_day = static_cast<float>(clock_.day) / kBlock;
  Experts experts;
  from_halves(said.experts, experts);
  blend_learn(cold.blend[h], experts, clip((then - said.value) / said.scale, kMostSaid), {0.2F * blocks_a_day, 3 * blocks_a_day});
  auto& spread = cold.spread[h];
  const float error = std::abs(then - said.point);
  std::array<float, kSpreadInputs> inputs;
  from_halves(said.spread, inputs);
  learn_width(spread.weights, inputs, error / said.scale);
  uint16_t& of_day = spread.by_time_of_day[spread_slot(ahead)];
  const float bounded = std::min(error, 10 * std::max(state.hot.spread[h].errors[2], said.scale));
  const float rate = std::min(Size::kSpreadSlots / (3 * blocks_a_day), 0.5F);
  of_day = to_bfloat(of_day == 0 ? bounded : from_bfloat(of_day) + rate * (bounded - from_bfloat(of_day)));
}

// The end of a block: its values go where the slow part sees them, and all is learned of which the truth is known.
template <class Size>
void Forecaster<Size>::learn(const Parts& state, const Values& newest) const {
  auto& [hot, cold] = state;
  const int64_t from = cold.learned + 1;
  if constexpr (Size::kCompanions > 0) cold.companions.take(hot.companions, from, hot.step, newest.companions, clock_.day);
  for (int64_t step = from; step <= hot.step; ++step)
    cold.recent[static_cast<size_t>(step) % State::kRecent] = hot.block[static_cast<size_t>(step - from)];
  cold.learned = hot.step;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    learn_said(state, h);
    const int64_t horizon = settings_.horizons[h];
    for (int64_t origin = std::max(from - horizon, hot.begin); origin <= hot.step - horizon; ++origin) learn_from(state, h, origin);
  }
  if constexpr (Size::kOwnWeights) {
    if (cold.own.due(hot.step, hot.values)) cold.own.train(global_ != nullptr ? *global_ : begin_lstm(settings_.seed));
  }
}

template <class Size>
LstmInput Forecaster<Size>::lstm_input(const Parts& state, const Origin& at) const {
  using Places = InputPlaces<Size>;
  constexpr bool season = Size::kDays > 0;
  const auto& near = at.log_inputs[0].at;
  const auto& middle = at.log_inputs[1].at;
  const auto& far = at.log_inputs[2].at;
  // The last two steps, the way from the means; how the season goes on; what the first regression says, and how the forecasts did lately.
  LstmInput in = {near[0],
                  near[1],
                  near[Places::kMeans],
                  near[Places::kMeans + 1],
                  near[Places::kMeans + 3],
                  season ? far[Places::kSeason] : 0,
                  season ? far[Places::kSeason + 1] : 0,
                  season ? far[Places::kSeason + 4] : 0,
                  middle[Places::kProfile],
                  far[Places::kProfile],
                  near[Places::kHour]};
  for (size_t h = 0; h < kForecastHorizons; ++h) in[11 + h] = predict(state.cold.ridges[0][h], at.log_inputs[h]);
  for (const size_t h : {size_t{0}, size_t{2}}) {
    const int64_t origin = at.step - settings_.horizons[h];
    if (forecast_at(state, origin)) in[14 + h / 2] = (at.level.now - state.hot.point[pending_at(h, origin)]) / at.level.scale;
  }
  std::transform(in.begin(), in.end(), in.begin(), squash);
  return in;
}

template <class Size>
LstmOutput Forecaster<Size>::lstm_answer(const Parts& state, const LstmInput& input) const {
  const auto answer = [&](const LstmWeights& weights) {
    LstmState lstm = unpacked(state.hot.lstm);
    const LstmOutput out = headroom::step(weights, lstm, input);
    state.hot.lstm = packed(lstm);
    return out;
  };
  if constexpr (Size::kOwnWeights) {
    if (state.cold.own.begun) return answer(state.cold.own.unpacked());
  }
  return global_ == nullptr ? LstmOutput{} : answer(*global_);
}

// In scales. Those of errors lately, of this time of day, of the heads' width, of the step that the forecast takes and of the last
// surprise.
template <class Size>
std::array<float, kSpreadInputs> Forecaster<Size>::spread_inputs(const Parts& state, const Origin& at, size_t h, float point) const {
  const auto& errors = state.hot.spread[h].errors;
  const float scale = at.level.scale;
  const uint16_t of_day = state.cold.spread[h].by_time_of_day[spread_slot(at.step + settings_.horizons[h])];
  const int64_t origin = at.step - settings_.horizons[h];
  const float before = forecast_at(state, origin) ? state.hot.point[pending_at(h, origin)] : at.level.now;
  return {errors[0] / scale,
          errors[1] / scale,
          errors[2] / scale,
          (of_day == 0 ? errors[2] : from_bfloat(of_day)) / scale,
          std::abs(point - at.level.now) / scale,
          1,
          0,
          std::min(std::abs(at.level.now - before) / scale, 20.0F)};
}

template <class Size>
Forecast Forecaster<Size>::combine(const Parts& state, const Origin& at, const LstmOutput& answer, LstmView* view) const {
  auto& [hot, cold] = state;
  Forecast out;
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    Experts experts = at.experts(h);
    if (view != nullptr) view->base[h] = at.level.now + experts.back() * at.level.scale;
    const float* heads = &answer[h * kForecastQuantiles];
    experts.back() += heads[kMedian];
    const float point = at.bounded(at.level.now + at.level.scale * clip(blend(cold.blend[h], experts), kMostSaid));
    auto inputs = spread_inputs(state, at, h, point);
    inputs[6] = std::max(0.0F, heads[kForecastQuantiles - 2] - heads[kMedian]);
    const float least = 0.1F * std::max(hot.spread[h].errors[2], 1e-9F);
    const uint16_t width = to_bfloat(std::max(width_of(cold.spread[h].weights, inputs) * at.level.scale, least));
    hot.point[pending_at(h, at.step)] = out.point[h] = point;
    hot.width[pending_at(h, at.step)] = width;
    for (size_t q = 0; q < kForecastQuantiles; ++q) out.quantiles[h][q] = point + hot.spread[h].multiples[q] * from_bfloat(width);
    std::sort(out.quantiles[h].begin(), out.quantiles[h].end());
    if (cold.learned != at.step) continue;
    auto& said = said_at(state, h, at.step);
    said = {at.step, at.level.now, at.level.scale, point, {}, {}};
    to_halves(experts, said.experts);
    to_halves(inputs, said.spread);
  }
  return out;
}

template <class Size>
void Forecaster<Size>::hear_companions(const Parts& state, const Values& values) const {
  if constexpr (Size::kCompanions > 0) {
    auto& [hot, cold] = state;
    cold.companions.hear(values.companions, static_cast<size_t>(hot.step - cold.learned - 1), hot.companions);
  }
}

template <class Size>
std::optional<Forecast> Forecaster<Size>::step(const Parts& state, int64_t step, float value, LstmView* view) const {
  return advance(state, step, {value, {}}, view);
}
template <class Size>
std::optional<Forecast> Forecaster<Size>::advance(const Parts& state, int64_t step, const Values& values, LstmView* view) const {
  auto& [hot, cold] = state;
  const float value = bounded_value(values.value);
  if constexpr (Size::kCompanions > 0) {
    if (hot.step < 0 || other_companions(hot)) {
      hot.companions.begin(std::min(settings_.companions, Size::kCompanions));
      cold.companions.begin();
    }
  }
  if (hot.step < 0 || step != hot.step + 1) begin(state, step);
  measure(state, value);
  hear(state, step, value);
  hot.step = step;
  hot.block[static_cast<size_t>(step - cold.learned - 1)] = value;
  hot.filters.advance(value, to_log(value, hot.unit), cold.season.profile_at(clock_, step), clock_.day);
  const bool block_ends = step % kBlock == kBlock - 1;
  if (block_ends)
    learn(state, values);
  else
    hear_companions(state, values);
  if (!forecast_at(state, step)) return std::nullopt;
  const Origin at(*this, state, step, hot.filters, {0, kForecastHorizons});
  const LstmInput input = lstm_input(state, at);
  if (view != nullptr) *view = {input, {}, at.level.scale};
  const Forecast out = combine(state, at, lstm_answer(state, input), view);
  if constexpr (Size::kOwnWeights) {
    see_inputs(hot.rows, step, input);
    if (block_ends) cold.own.record(step, hot.rows);
  }
  return out;
}

template <class Size>
std::array<std::string_view, Forecaster<Size>::State::kExperts> Forecaster<Size>::expert_names() {
  std::array<std::string_view, State::kExperts> names = {"persistence", "seasonal_drift"};
  size_t e = 2;
  constexpr std::array<std::string_view, 2> kSes = {"ses_fast", "ses_slow"}, kHolt = {"damped_trend_fast", "damped_trend_slow"};
  constexpr std::array<std::string_view, 3> kRidges = {"ridge", "ridge_2", "ridge_3"};
  for (size_t i = 0; i < Size::kSes; ++i) names[e++] = kSes[i];
  for (size_t i = 0; i < Size::kHolt; ++i) names[e++] = kHolt[i];
  names[e++] = "holt_winters";
  for (size_t i = 0; i < State::kRidges; ++i) names[e++] = kRidges[i];
  if constexpr (Size::kCompanions > 0) names[e++] = "companions";
  names[e] = "lstm";
  return names;
}

template class Forecaster<HeadroomSize>;
template class Forecaster<HeadroomMultivariateSize>;
template class Forecaster<HeadroomSmallSize>;

}  // namespace headroom
