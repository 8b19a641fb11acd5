#pragma once

#include <string>
#include <vector>

#include "cli/backtest_run.h"

namespace headroom {

// A back-test of one load, to be told.
struct BacktestOfLoad {
  std::string name;
  LoadCurve load;
  int64_t recorded_ms = 0;  // of its first value, before it was moved; see load_of_series
  BacktestResult result;
  bool scored = true;  // false: the load is not longer than the time that counts for nothing
};

struct ChartWindow {
  int64_t from_ms = 0;
  int64_t lasts_ms = 0;
};

// The table for people: a row a method, and what is said of headroom beside the others.
std::string backtest_table(const BacktestOfLoad& of, const BacktestSettings& settings);
// Of several loads: on how many it holds against the HPA.
std::string backtest_summary(const std::vector<BacktestOfLoad>& all);
// All figures and the settings they rest on, as one JSON object.
std::string backtest_json(const std::vector<BacktestOfLoad>& all, const BacktestSettings& settings);
// All figures: a row a load and method.
std::string backtest_csv(const std::vector<BacktestOfLoad>& all, const BacktestSettings& settings);
// Where the day (UTC) with the largest scored load begins, as a time since the load's start.
int64_t busiest_day_ms(const BacktestOfLoad& of, const BacktestSettings& settings);
// Demand and each method's supply, as SVG, from so long after the load's start on.
std::string backtest_plot(const BacktestOfLoad& of, const BacktestSettings& settings, const ChartWindow& window);

}  // namespace headroom
