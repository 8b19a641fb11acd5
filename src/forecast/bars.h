#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "forecast/lstm.h"

namespace headroom {

// What a forecast must beat, each as anyone would first write it. With persistence, the quantiles of all are those of their own last 1000
// errors: the value at floor(share n) of the sorted ones.
class Bar {
 public:
  virtual ~Bar() = default;
  // The next value of the series; then the points, by horizon.
  virtual std::array<float, kForecastHorizons> step(float value) = 0;
};

struct BarSettings {
  int64_t day = 1440;  // steps
  std::array<int, kForecastHorizons> horizons = {1, 5, 15};
  size_t warm_up = 0;  // values before the first forecast that counts
  uint64_t seed = 1;
};

inline constexpr std::array<std::string_view, 6> kBars = {"persistence", "seasonal_naive", "ses", "holt_winters", "ridge", "plain_lstm"};
std::unique_ptr<Bar> make_bar(std::string_view name, const BarSettings& settings);

}  // namespace headroom
