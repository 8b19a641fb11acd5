#include "forecast/lstm_training.h"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

float next_share(uint64_t& state) {
  return static_cast<float>(next_random(state) >> 40) / static_cast<float>(1 << 24);
}

void draw(const LstmSeries& series, const LstmTraining& training, uint64_t& random, size_t at, LstmWindows& out) {
  const size_t steps = series.inputs.size();
  const size_t from = std::min(training.skip, steps / 4);
  const size_t first = from + next_random(random) % (steps - from - training.steps);
  for (size_t s = 0; s < training.steps; ++s) {
    const size_t row = s * training.windows + at;
    std::copy(series.inputs[first + s].begin(), series.inputs[first + s].end(),
              out.inputs.begin() + static_cast<std::ptrdiff_t>(row * kLstmInputs));
    std::copy(series.targets[first + s].begin(), series.targets[first + s].end(),
              out.targets.begin() + static_cast<std::ptrdiff_t>(row * kForecastHorizons));
  }
}

// Rises for a hundredth part, then falls along half a cosine.
float rate_at(const LstmTraining& training, size_t update) {
  const float share = static_cast<float>(update) / static_cast<float>(training.updates);
  const float rise = std::min(1.0F, static_cast<float>(update + 1) / 100);
  return training.rate * rise * (0.5F + 0.5F * std::cos(3.1415927F * share));
}

}  // namespace

uint64_t next_random(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

float next_normal(uint64_t& state) {
  float sum = 0;
  for (int i = 0; i < 4; ++i) sum += next_share(state);
  return (sum - 2) * 1.7320508F;
}

LstmWeights begin_lstm(uint64_t seed) {
  LstmWeights weights;
  uint64_t random = seed;
  for (float& w : weights.cell) w = next_normal(random) / std::sqrt(static_cast<float>(LstmWeights::kIn));
  for (size_t i = kLstmHidden; i < 2 * kLstmHidden; ++i) weights.cell_bias[i] = 1;
  for (float& w : weights.head) w = 0.02F * next_normal(random);
  return weights;
}

LstmTrainingState begin_training(const LstmTraining& training) {
  LstmTrainingState out;
  out.weights = begin_lstm(training.seed);
  out.random = training.seed * 0x2545f4914f6cdd1dULL + 1;
  return out;
}

void train_lstm(const std::vector<const LstmSeries*>& series, const LstmTraining& training, size_t updates, LstmTrainingState& state) {
  LstmWeights gradient;
  LstmWindows windows;
  windows.windows = training.windows;
  windows.steps = training.steps;
  windows.inputs.resize(training.windows * training.steps * kLstmInputs);
  windows.targets.resize(training.windows * training.steps * kForecastHorizons);
  std::vector<const LstmSeries*> long_enough;
  for (const LstmSeries* one : series)
    if (one->inputs.size() > 2 * training.steps) long_enough.push_back(one);
  if (long_enough.empty()) return;
  for (const uint64_t end = std::min<uint64_t>(state.updates + updates, training.updates); state.updates < end; ++state.updates) {
    for (size_t b = 0; b < training.windows; ++b)
      draw(*long_enough[next_random(state.random) % long_enough.size()], training, state.random, b, windows);
    const float loss = lstm_gradient(state.weights, windows, training.burn, gradient, training.loss);
    state.mean_loss = state.updates == 0 ? loss : 0.99F * state.mean_loss + 0.01F * loss;
    lstm_update(state.weights, state.moments, gradient, rate_at(training, state.updates));
  }
}

LstmWeights train_lstm(const std::vector<const LstmSeries*>& series, const LstmTraining& training) {
  LstmTrainingState state = begin_training(training);
  train_lstm(series, training, training.updates, state);
  return state.weights;
}

double relative_loss(const LstmWeights& weights, const LstmSeries& series, size_t burn) {
  LstmState state;
  double said = 0, silent = 0;
  for (size_t i = 0; i < series.inputs.size(); ++i) {
    const LstmOutput answer = step(weights, state, series.inputs[i]);
    if (i < burn) continue;
    said += static_cast<double>(lstm_loss(answer, series.targets[i]));
    silent += static_cast<double>(lstm_loss({}, series.targets[i]));
  }
  return silent > 0 ? said / silent : 1;
}

}  // namespace headroom
