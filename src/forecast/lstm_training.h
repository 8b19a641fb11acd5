#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "forecast/lstm.h"

namespace headroom {

// Numbers from a counter: the same for the same state on every machine (Steele, Lea and Flood, SplitMix, 2014).
uint64_t next_random(uint64_t& state);
// About normal: the sum of four uniform ones, of mean 0 and variance 1.
float next_normal(uint64_t& state);

// Small random weights of the cell, a forget gate that is open, heads that say next to nothing.
LstmWeights begin_lstm(uint64_t seed);

// A series as the LSTM sees it, step by step: its inputs, and what the forecasts that it corrects turned out to lack, in scales; NaN where
// unknown.
struct LstmSeries {
  std::vector<LstmInput> inputs;
  std::vector<std::array<float, kForecastHorizons>> targets;
};

struct LstmTraining {
  size_t updates = 1500;
  size_t windows = 32;
  size_t steps = 96;
  size_t burn = 24;
  size_t skip = 2000;  // of each series, at most a quarter of it: the forecasts that are corrected are not themselves yet
  float rate = 2e-3F;
  uint64_t seed = 1;
  LstmLossShape loss;
};

// A training between two updates. Plain numbers: what is restored goes on with the same bits.
struct LstmTrainingState {
  LstmWeights weights;
  LstmMoments moments;
  uint64_t random = 0;
  uint64_t updates = 0;
  float mean_loss = 0;  // running, of the medians
};
LstmTrainingState begin_training(const LstmTraining& training);

// Takes so many updates more, up to `training.updates` in all, on windows drawn from all series alike; series shorter than two windows are
// passed over, and without others nothing happens.
void train_lstm(const std::vector<const LstmSeries*>& series, const LstmTraining& training, size_t updates, LstmTrainingState& state);

// How the LSTM does on a series: its loss relative to that of one which says nothing, the first `burn` steps left out. 1 when there is
// nothing to judge.
double relative_loss(const LstmWeights& weights, const LstmSeries& series, size_t burn);

// A whole training.
LstmWeights train_lstm(const std::vector<const LstmSeries*>& series, const LstmTraining& training);

}  // namespace headroom
