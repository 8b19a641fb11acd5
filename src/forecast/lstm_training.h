#pragma once

#include <cstdint>
#include <functional>
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
};

// Trains on windows drawn from all series alike. `told` hears the number of updates and the running mean loss now and then; false ends it.
LstmWeights train_lstm(const std::vector<const LstmSeries*>& series, const LstmTraining& training,
                       const std::function<bool(size_t, float)>& told = nullptr);

}  // namespace headroom
