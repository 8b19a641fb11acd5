#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace headroom {

// What is expected of a load some steps ahead, in the load's own unit. The quantiles are those of the load itself: with probability 0.95 it
// stays at or below `q95`.
struct ForecastPoint {
  double point = 0;
  double q50 = 0;
  double q80 = 0;
  double q90 = 0;
  double q95 = 0;
  double q99 = 0;
};

// A forecast as a decision sees it: plain numbers, wherever they come from. What is not finite, or below zero, is no fault of the caller:
// those who read it take such a horizon as unknown, or the number as zero.
struct ForecastView {
  static constexpr size_t kHorizons = 3;

  bool available = false;  // false: withheld, and nothing else here counts
  int64_t origin_ms = 0;   // the end of the last step that it knows
  int64_t step_ms = 60'000;
  std::array<int32_t, kHorizons> steps{1, 5, 15};  // ahead of the origin, ascending
  std::array<ForecastPoint, kHorizons> at{};
};

// Which quantile a rule reads.
enum class ForecastQuantile : uint8_t { kPoint, kQ50, kQ80, kQ90, kQ95, kQ99 };

inline double quantile_of(const ForecastPoint& point, ForecastQuantile which) {
  switch (which) {
    case ForecastQuantile::kPoint:
      return point.point;
    case ForecastQuantile::kQ50:
      return point.q50;
    case ForecastQuantile::kQ80:
      return point.q80;
    case ForecastQuantile::kQ90:
      return point.q90;
    case ForecastQuantile::kQ95:
      return point.q95;
    case ForecastQuantile::kQ99:
      return point.q99;
  }
  return point.point;
}

}  // namespace headroom
