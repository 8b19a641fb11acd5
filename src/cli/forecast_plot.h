#pragma once

#include <cstdint>
#include <deque>

#include "cli/forecast_eval.h"
#include "cli/svg_chart.h"

namespace headroom {

// The last forecasts of one series by `headroom`, at one horizon: each stands at the time that it was for, beside what came.
class ForecastPlot {
 public:
  struct Settings {
    int horizon = 15;              // rows ahead
    int64_t last_ms = 86'400'000;  // of the times that were forecast
  };
  explicit ForecastPlot(const Settings& settings) : settings_(settings) {}

  // Forecasts of other methods and horizons are passed over.
  void take(const JudgedForecast& forecast);
  bool empty() const { return kept_.empty(); }
  Chart chart(const Series& series) const;

 private:
  struct Kept {
    int64_t time_ms;
    double truth, point;
    std::array<double, kEvalQuantiles.size()> quantiles;
  };
  Settings settings_;
  std::deque<Kept> kept_;
};

}  // namespace headroom
