#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

namespace headroom {

inline constexpr size_t kModelWeights = 2706;  // of src/forecast/lstm.h, in the order of its flatten()
inline constexpr size_t kModelHorizons = 3;
inline constexpr size_t kMostModelBytes = 1 << 20;
inline constexpr size_t kMostModelSeries = 5000;
inline constexpr std::array<std::string_view, 3> kModelParts = {"train", "validation", "test"};

// A series that weights were trained on: its first `train_rows` rows; those behind them only chose when to stop, or judged.
struct ModelSeries {
  std::string name;
  std::string hash;  // XXH3-128 of its file
  int64_t step_ms = 0;
  uint64_t rows = 0;
  uint64_t train_rows = 0;
};

// How the forecasts with these weights did on one part of the series, by horizon: means over series, as `headroom forecast eval` shows
// them.
struct ModelScore {
  uint64_t series = 0;                            // with origins there; 0: nothing is known, all else is 0
  std::array<double, kModelHorizons> error{};     // mean absolute error relative to persistence
  std::array<double, kModelHorizons> pinball{};   // of the 0.95 quantile, relative to persistence with its last errors
  std::array<double, kModelHorizons> coverage{};  // share of values at or below that quantile
  double loss = 0;                                // of the LSTM's answers relative to none
};

// The weights of an LSTM and how they came to be: all that is needed to make them again, or to distrust them.
struct LstmModel {
  std::string size;                            // of the forecaster: headroom or headroom_small
  std::array<int, kModelHorizons> horizons{};  // in steps
  std::string command;                         // that makes them
  std::string date;                            // as the caller gave it, RFC 3339; may be empty
  std::string version;                         // of the program
  uint64_t seed = 0;
  std::array<double, kModelParts.size()> split{};  // shares of each series' rows: train, validation, test
  std::map<std::string, double> params;            // of the training
  uint64_t epochs = 0;                             // that were run
  uint64_t best_epoch = 0;                         // the weights are as of its end
  std::vector<ModelSeries> series;
  std::array<ModelScore, kModelParts.size()> scores;
  std::vector<float> weights;
};

// XXH3-128 of the weights as little-endian floats: the name of a model wherever it is used.
std::string model_hash(const LstmModel& model);

// A model file: JSON, the weights in base64.
std::string write_model(const LstmModel& model);
// Total. kInvalid: what is wrong, where in the file ("made.series[2].hash"; line and column where it is no JSON) and what is allowed there.
// kSchema: a file of another version. kCorrupt: the weights are not those that the file names.
Result<LstmModel> read_model(std::string_view text);

}  // namespace headroom
