#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/asked_for.h"
#include "cli/training_data.h"
#include "cli/training_params.h"

namespace headroom {

struct TrainingPlan {
  TrainingParams params;
  size_t patience = 8;  // epochs without a smaller loss on the validation part before it stops
  uint64_t seed = 1;

  // What train_lstm() takes.
  LstmTraining training() const;
};

// A training between two epochs.
struct TrainingProgress {
  LstmTrainingState now;
  LstmWeights best;
  double best_loss = 1;  // on the validation part, relative to saying nothing
  uint64_t best_epoch = 0;
  uint64_t epoch = 0;  // that were run
  double loss = 1;     // on the validation part, of `now`

  bool over(const TrainingPlan& plan) const;
};
TrainingProgress begin_progress(const TrainingPlan& plan);

// One epoch more.
void train_epoch(const TrainingData& data, const TrainingPlan& plan, TrainingProgress& progress);

// A training's state as a file, from which it goes on with the same bits. kCorrupt: the text is no such file, or of another version;
// kInvalid: it is of another training than is asked for, with the difference.
std::string write_progress(const TrainingProgress& progress, const AskedFor& asked);
Status read_progress(std::string_view text, const AskedFor& asked, TrainingProgress& out);

}  // namespace headroom
