// What a value costs: all forecasts of one series, hot in the cache and with as many series as do not fit it.

#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "forecast/forecaster.h"
#include "forecast/lstm_training.h"

namespace headroom {
namespace {

constexpr int64_t kFirst = 28'333'440;

float value_at(int64_t step, uint64_t& random) {
  const float noise = static_cast<float>(next_random(random) >> 40) / static_cast<float>(1 << 24);
  return 1000 + 500 * std::sin(6.2831853F * static_cast<float>(step % 1440) / 1440) + 100 * noise;
}

template <class Size>
auto forecast(const Forecaster<Size>& forecaster, ForecasterState<Size>& state, int64_t step, float value) {
  if constexpr (Size::kCompanions == 0)
    return forecaster.step(state, step, value);
  else
    return forecaster.step(state, step, value, std::array<float, kMostCompanions>{value, 2 * value, 5});
}

template <class Size>
void forecast_a_value(benchmark::State& bench) {
  const LstmWeights global = begin_lstm(1);
  ForecasterSettings settings;
  settings.companions = Size::kCompanions;
  const Forecaster<Size> forecaster(settings, &global);
  const auto series = static_cast<size_t>(bench.range(0));
  std::vector<std::unique_ptr<ForecasterState<Size>>> states;
  for (size_t i = 0; i < series; ++i) states.push_back(std::make_unique<ForecasterState<Size>>());
  uint64_t random = 1;
  int64_t step = kFirst;
  const auto minute = [&] {
    for (const auto& state : states) benchmark::DoNotOptimize(forecast(forecaster, *state, step, value_at(step, random)));
    ++step;
  };
  // Own weights begin after 1,500 values.
  for (int64_t i = 0; i < (bench.range(1) != 0 ? 1600 : 1400); ++i) minute();
  for (auto _ : bench) minute();
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}

void lstm_step(benchmark::State& bench) {
  const LstmWeights weights = begin_lstm(1);
  LstmState state;
  LstmInput input;
  input.fill(0.3F);
  for (auto _ : bench) benchmark::DoNotOptimize(step(weights, state, input));
}

BENCHMARK(forecast_a_value<HeadroomSize>)->ArgNames({"series", "training"})->Args({1, 1})->Args({500, 1});
BENCHMARK(forecast_a_value<HeadroomSmallSize>)->ArgNames({"series", "training"})->Args({1, 0})->Args({2000, 0});
// Not trained yet within so few iterations: the cost without training.
BENCHMARK(forecast_a_value<HeadroomSize>)
    ->Name("forecast_before_own_weights")
    ->ArgNames({"series", "training"})
    ->Args({500, 0})
    ->Iterations(90);
BENCHMARK(forecast_a_value<HeadroomMultivariateSize>)
    ->Name("forecast_with_three_companions_before_own_weights")
    ->ArgNames({"series", "training"})
    ->Args({500, 0})
    ->Iterations(90);
BENCHMARK(lstm_step);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
