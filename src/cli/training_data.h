#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/forecast_eval.h"
#include "cli/forecast_options.h"
#include "codec/lstm_model.h"
#include "forecast/lstm_training.h"

namespace headroom {

// The parts of each series, by time: what weights learn from, what says when to stop, and what nobody looks at before the end.
enum TrainingPart : size_t { kTrainPart, kValidationPart, kTestPart };

struct TrainingDataOptions {
  SeriesOptions series;
  size_t generated = 0;  // so many made-up series instead of files
  std::string size = "headroom_small";
  double validation = 0.15, test = 0.15;  // shares of the rows
  uint64_t seed = 1;
};
void add_training_data_options(CLI::App& app, TrainingDataOptions& options);

struct TrainingSeries {
  Series series;
  std::string hash;  // of its file
  PartEnds ends;
  std::vector<LstmSeries> seen;  // by the LSTM, by part
};

// Series as the LSTM sees them, in the pipeline with which forecasts are evaluated.
struct TrainingData {
  EvalSettings settings;  // of `size` alone
  std::string size;
  std::vector<TrainingSeries> series;

  std::vector<const LstmSeries*> part(TrainingPart part) const;
};

// kInvalid, kNotFound: what is wrong with an option or a file, and where. Says on standard error which series is being read.
Result<TrainingData> read_training_data(const TrainingDataOptions& options);

// A quick measure: the mean over series of relative_loss() on a part.
double mean_relative_loss(const TrainingData& data, TrainingPart part, const LstmWeights& weights);

// The whole: forecasts with these weights, by part.
std::array<ModelScore, kModelParts.size()> score_weights(const TrainingData& data, const LstmWeights& weights);

// The same of one part alone; data may end with it.
ModelScore score_part(const TrainingData& data, TrainingPart part, const LstmWeights& weights);

// The options that matter to the result, as they stand on a command line.
std::string data_words(const TrainingDataOptions& options);

}  // namespace headroom
