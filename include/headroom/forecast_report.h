#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace headroom {

// What a load was in one step and what is expected of the coming ones, before it gets its place in the lane. Views are valid as long as the
// batch.
struct ForecastReport {
  static constexpr std::array<std::string_view, 6> kQuantileNames = {"0.1", "0.5", "0.8", "0.9", "0.95", "0.99"};

  struct Ahead {
    int32_t steps = 0;
    float point = 0;
    std::array<float, kQuantileNames.size()> quantiles{};  // in the load's unit, ascending
    std::vector<float> weights;                            // of the experts, in their order; those of regressions may be negative
  };

  std::string_view target;  // the Kafka key and CloudEvent partitionkey
  std::string_view metric;
  std::string_view size;  // headroom | headroom_small
  int64_t time_ms = 0;    // the end of the step: the forecast's origin
  int64_t step_ms = 0;
  double value = 0;                           // of the step; where it is carried, of the last one that had a value
  bool carried = false;                       // nothing came in this step
  std::string_view withheld;                  // why there is no forecast: starting, rebuilding, gap; empty when there is one
  std::vector<Ahead> ahead;                   // none when withheld
  std::span<const std::string_view> experts;  // their names
  double relative_error = 1;                  // of the forecasts lately, against the last value's; see policy/forecast_trial.h
  double coverage = 0;                        // share of values at or below their 0.95 quantile, over the same forecasts
  int64_t scored = 0;
  bool demoted = false;  // they do worse than the last value, and nothing is decided on them
};

}  // namespace headroom
