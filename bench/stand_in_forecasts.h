#pragma once

#include <array>
#include <string>
#include <vector>

#include "policy/forecast_view.h"
#include "policy/load_curve.h"

namespace headroom {

// Forecasts that need no forecaster, to see what a decision makes of good and of wrong ones: what comes after each step of a recorded load.
//
//   none         withheld
//   perfect      the actual future, as the point and as all quantiles
//   persistence  the last value, and the last value + the empirical quantile of the last 1,000 known errors (the value at index floor(q n)
//   of
//                them, sorted); after the first 50
//   halved       as persistence, of a point half of the way from the last value to the actual one: a forecast with half of persistence's
//   error x3, x0       three times and nought times `halved` shuffled     `halved` of another time: the origins of each week in a fixed
//   random order
class StandInForecasts {
 public:
  static const std::vector<std::string>& kinds();
  StandInForecasts(const std::string& kind, const LoadCurve& load);
  // Of the newest step that had ended at `known_ms`.
  ForecastView at(int64_t known_ms) const;
  size_t newest(int64_t known_ms) const;

 private:
  using OfStep = std::array<ForecastPoint, ForecastView::kHorizons>;
  void fill(double share, double foreseen);
  void fill_horizon(size_t horizon, double share, double foreseen);
  void multiply(double by, size_t from);
  void shuffle();

  const LoadCurve& load_;
  ForecastView shape_;
  std::vector<OfStep> points_;  // by origin; what has no forecast yet has a point below 0
};

}  // namespace headroom
