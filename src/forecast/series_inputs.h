#pragma once

#include <array>
#include <cstddef>

#include "forecast/lstm.h"
#include "forecast/ridge.h"
#include "forecast/series_filters.h"

namespace headroom {

// What the inputs of the regressions are made of, at one origin, in one form of the values (log or level). NaN where nothing is known.
struct DomainView {
  const DomainFilters* filters = nullptr;
  float now = 0;
  float scale = 1;
  std::array<float, 8> lags{};                                       // now, and one step earlier each
  std::array<float, kForecastHorizons + 1> profile{};                // of the day: now, and at each horizon
  std::array<float, 8> days{};                                       // the value one day ago, two days ago, ...
  std::array<std::array<float, 8>, kForecastHorizons> days_ahead{};  // the same at each horizon
  std::array<float, kForecastHorizons + 1> hour{};                   // what stands out at this minute of the hour, and at each horizon
  std::array<float, kForecastHorizons + 1> hour_ago{};               // an hour before now, and before each horizon
};
using DayWaves = std::array<float, 4>;  // sine and cosine of the time of day at the horizon, and of twice it

// Where the groups of inputs begin; all are differences in scales, so that what is learned of one level of load holds at another.
template <class Size>
struct InputPlaces {
  static constexpr size_t kMeans = Size::kLags;
  static constexpr size_t kSeason = kMeans + 4;
  static constexpr size_t kProfile = kSeason + (Size::kDays > 0 ? 6 : 0);
  static constexpr size_t kHour = kProfile + 2;
  static constexpr size_t kWaves = kHour + (Size::kHourLag ? 3 : 2);
  static constexpr size_t kOne = kWaves + (Size::kWaves ? 4 : 0);
  static constexpr size_t kCount = kOne + 1;
};

template <class Size>
Features inputs_of(const DomainView& view, size_t horizon, const DayWaves& waves);

}  // namespace headroom
