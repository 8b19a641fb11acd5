#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace headroom {

// Running means of one form (log or level) of a series' values.
struct DomainFilters {
  float scale = 0;               // mean absolute step, over a day, outliers clipped at ten times itself
  std::array<float, 4> means{};  // over 4, 30, 100 and 1,440 steps
  auto fields() { return std::tie(scale, means); }
};

// What is advanced with every value, in constant time and place: the same numbers for the same values wherever one begins to count.
struct SeriesFilters {
  DomainFilters log;
  DomainFilters level;
  std::array<float, 2> ses{};         // exponential smoothing
  std::array<float, 2> holt_level{};  // with a damped trend (Gardner and McKenzie 1985)
  std::array<float, 2> holt_slope{};
  float seasonal_level = 0;  // of the log value without its daily profile: Holt-Winters' level, the profile being its season
  float last = 0;
  float last_log = 0;
  uint32_t count = 0;
  auto fields() { return std::tie(log, level, ses, holt_level, holt_slope, seasonal_level, last, last_log, count); }

  // `profile`: what the profile of the day says of this step, log; NaN where it says nothing. `day`: steps.
  void advance(float value, float log_value, float profile, int64_t day);
  // Forgets all but the scales: what comes after a gap moves as much as what was before it.
  void restart();
  // What the damped trends expect.
  float holt(size_t i, int horizon) const;
};

// Values are counted up to here.
inline constexpr uint32_t kMostValues = 1U << 30;
// 1 / min(count, life): a plain mean at first, an exponential one then.
float mean_rate(uint32_t count, int64_t life);

}  // namespace headroom
