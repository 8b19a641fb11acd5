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

// The methods: "headroom", "headroom_small" and kBars.
std::vector<std::string> eval_methods();

// The weights of each size for one series.
struct EvalWeights {
  const LstmWeights* headroom = nullptr;
  const LstmWeights* small = nullptr;
};

// Writes a row an origin, horizon and method to `out` when given. "headroom" takes the series' companions into account, the others do not.
SeriesScores evaluate(const Series& series, const EvalSettings& settings, const EvalWeights& weights, std::FILE* out);

// What the LSTM sees of a series, for its training.
template <class Size>
LstmSeries lstm_series(const Series& series, const EvalSettings& settings);

// The table for people, by horizon and method.
std::string eval_table(const std::map<std::string, SeriesScores>& scores, const std::array<int, kForecastHorizons>& horizons);

}  // namespace headroom
