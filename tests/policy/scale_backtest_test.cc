// The decision in the model of a service: what wrong forecasts and outages of metrics may do to it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "policy/peer_scalers.h"
#include "policy/scale_decision.h"
#include "policy/service_model.h"

namespace headroom {
namespace {

constexpr double kPi = 3.14159265358979;

// Days with a noisy noon, by the minute.
LoadCurve days(int64_t count) {
  LoadCurve load;
  std::mt19937_64 random(5);
  for (int64_t minute = 0; minute < count * 1440; ++minute) {
    const double level = 1000 - 800 * std::cos(2 * kPi * static_cast<double>(minute % 1440) / 1440);
    load.values.push_back(level * (0.97 + 0.06 * static_cast<double>(random() % 1000) / 1000));
  }
  return load;
}

using Expected = std::function<double(const LoadCurve&, size_t origin, int32_t ahead)>;

ElasticityScore score(const LoadCurve& load, const Expected& expected) {
  const ServiceShape shape;
  ScaleDecisionParams params;
  params.capacity = capacity_of_replica(shape, load);
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  int64_t last = -1;
  return score_service(shape, load, [&](const ServiceView& view) {
    ScaleMoment moment{.time_ms = view.time_ms, .load = view.load, .replicas = view.ready, .utilisation = view.utilisation};
    const int64_t origin = view.measured_ms / load.step_ms;
    moment.forecast.available = expected != nullptr;
    moment.forecast.origin_ms = origin * load.step_ms;
    for (size_t i = 0; expected && i < ForecastView::kHorizons; ++i) {
      const double value = expected(load, static_cast<size_t>(origin), moment.forecast.steps[i]);
      moment.forecast.at[i] = {value, value, value, value, value, value};
    }
    if (origin != last) moment.closed = ClosedStep{moment.forecast.origin_ms, load.values[static_cast<size_t>(origin)]};
    last = origin;
    return decision.decide(state, moment).desired;
  });
}

TEST(ScaleBacktest, wrong_forecasts_cost_at_most_a_twentieth_more_than_none_and_leave_no_more_too_little) {
  const LoadCurve load = days(10);
  const auto none = score(load, nullptr);
  const Expected wrong[] = {
      [](const LoadCurve& of, size_t origin, int32_t) { return of.values[origin] * 3; },
      [](const LoadCurve&, size_t, int32_t) { return 0.0; },
      [](const LoadCurve& of, size_t origin, int32_t) { return of.values[(origin * 7919) % of.values.size()]; },
  };
  for (const Expected& expected : wrong) {
    const auto made = score(load, expected);
    EXPECT_LE(made.cost(), none.cost() * 1.05);
    EXPECT_LE(made.tau_under(), none.tau_under());
  }
}

TEST(ScaleBacktest, a_forecast_that_becomes_wrong_is_demoted_before_it_costs_a_twentieth) {
  const LoadCurve load = days(12);
  const auto none = score(load, nullptr);
  const auto made = score(load, [](const LoadCurve& of, size_t origin, int32_t ahead) {
    const double actual = of.values[std::min(origin + static_cast<size_t>(ahead), of.values.size() - 1)];
    return origin < 9 * 1440 ? actual : 3 * actual;
  });
  EXPECT_LE(made.cost(), none.cost() * 1.05);
}

TEST(ScaleBacktest, the_actual_future_as_forecast_leaves_less_too_little_than_none) {
  LoadCurve load = days(9);
  for (size_t minute = 1440 * 7 + 100; minute < load.values.size(); minute += 360) load.values[minute] *= 2.5;
  const auto none = score(load, nullptr);
  const auto perfect = score(load, [](const LoadCurve& of, size_t origin, int32_t ahead) {
    return of.values[std::min(origin + static_cast<size_t>(ahead), of.values.size() - 1)];
  });
  EXPECT_GT(none.ticks_under, 0);
  EXPECT_LT(perfect.ticks_under, none.ticks_under);
}

}  // namespace
}  // namespace headroom
