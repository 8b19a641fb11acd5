#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/series_file.h"
#include "forecast/forecaster.h"
#include "forecast/lstm_training.h"

namespace headroom {

// Rolling origin, test then train: how good the forecasts of each method are, from every origin after the warm-up whose truth is in the
// series.
struct EvalSettings {
  std::array<int, kForecastHorizons> horizons = {1, 5, 15};
  std::optional<size_t> warm_up;          // rows; otherwise half of the series, at most seven days
  std::optional<int64_t> from_ms, to_ms;  // origins, from the first row on
  uint64_t seed = 1;
  std::vector<std::string> methods;  // beside persistence; empty: all
};

struct MethodScore {
  double error = 0, still = 0;            // sums of absolute errors: its own, and persistence's
  double pinball = 0, still_pinball = 0;  // at 0.95; persistence's with the quantile of its last 1000 errors
  uint64_t below = 0;                     // truths at or below the quantile of 0.95
  uint64_t origins = 0;
  double relative() const { return error / still; }
  double relative_pinball() const { return pinball / still_pinball; }
  double coverage() const { return static_cast<double>(below) / static_cast<double>(origins); }
};
// By method, then horizon.
using SeriesScores = std::map<std::string, std::array<MethodScore, kForecastHorizons>>;

// The quantiles that are judged and written of the forecasts.
inline constexpr std::array<float, 4> kEvalQuantiles = {0.5F, 0.9F, 0.95F, 0.99F};

// One forecast, told when its truth has come.
struct JudgedForecast {
  const Series& series;
  const std::string& method;
  size_t origin;  // row
  int horizon;    // rows ahead
  double truth;
  double point;
  std::array<double, kEvalQuantiles.size()> quantiles;
};
using ForecastObserver = std::function<void(const JudgedForecast&)>;

inline constexpr const char* kEvalHeader = "series,origin_ms,horizon,method,actual,point,q50,q90,q95,q99\n";
void write_row(std::FILE* out, const JudgedForecast& forecast);

// The methods: "headroom", "headroom_small" and kBars.
std::vector<std::string> eval_methods();

// The weights of each size for one series.
struct EvalWeights {
  const LstmWeights* headroom = nullptr;
  const LstmWeights* small = nullptr;
};

// "headroom" takes the series' companions into account, the others do not. Tells each forecast that counts to `observer` when given, in the
// order in which their truths come: so those of a file that was cut are the first of the whole one's.
SeriesScores evaluate(const Series& series, const EvalSettings& settings, const EvalWeights& weights, const ForecastObserver& observer);

// Where the parts of a series end, in rows, ascending; the last is all of them.
using PartEnds = std::vector<size_t>;

// The same, the scores of the origins in each part apart.
std::vector<SeriesScores> evaluate_parts(const Series& series, const EvalSettings& settings, const EvalWeights& weights,
                                         const PartEnds& ends);

// What the LSTM sees of a series, for its training. No part has a target whose truth lies behind it.
template <class Size>
std::vector<LstmSeries> lstm_parts(const Series& series, const EvalSettings& settings, const PartEnds& ends);
template <class Size>
LstmSeries lstm_series(const Series& series, const EvalSettings& settings);

// One method at one horizon over several series, each of the same weight.
struct MethodSummary {
  double error = 1, pinball = 1;  // relative to persistence; geometric means
  double worst = 0;               // error
  double coverage = 0;            // mean
  double furthest = 0;            // coverage from 0.95
  size_t won = 0, series = 0;
};
MethodSummary summarise(const std::map<std::string, SeriesScores>& scores, const std::string& method, size_t horizon);

// The table for people, by horizon and method.
std::string eval_table(const std::map<std::string, SeriesScores>& scores, const std::array<int, kForecastHorizons>& horizons);

}  // namespace headroom
