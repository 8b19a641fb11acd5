#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "forecast/lstm.h"

namespace headroom {

// Steps between two times that the slow part of a series' state changes.
inline constexpr int64_t kBlock = 4;

inline constexpr size_t kReplaySteps = 48;
// A piece of the series as the LSTM saw it, and what it should have said.
struct ReplayWindow {
  int64_t first = -1;  // step
  std::array<int8_t, kReplaySteps * kLstmInputs> inputs{};
  std::array<int8_t, kReplaySteps * kForecastHorizons> targets{};
  auto fields() { return std::tie(first, inputs, targets); }
};

// What the LSTM saw in the block that is not over.
using BlockInputs = std::array<std::array<int8_t, kLstmInputs>, kBlock>;
void see_inputs(BlockInputs& rows, int64_t step, const LstmInput& input);

// Weights of a series' own, which begin as the global ones and are trained online: truncated back-propagation over the newest window and
// older ones kept by chance, a step every kTrainEvery values, counted, never timed.
template <size_t Windows>
struct OwnLstm {
  bool begun = false;
  uint64_t random = 0;
  std::array<uint16_t, kLstmSize> weights{};  // halves
  LstmMoments moments;
  std::array<ReplayWindow, Windows> replay{};  // the first is the newest
  auto fields() { return std::tie(begun, random, weights, moments, replay); }

  // What the corrected forecast of `step` turned out to lack at a horizon, in scales.
  void label(int64_t step, size_t horizon, float lack);
  // At the end of a block, `step` its last: its inputs go into the newest window.
  void record(int64_t step, const BlockInputs& rows);
  // Whether it is time; `values`: how many the series has had.
  bool due(int64_t step, uint32_t values) const;
  void train(const LstmWeights& begin_with);
  LstmWeights unpacked() const;
};
extern template struct OwnLstm<2>;
extern template struct OwnLstm<3>;

}  // namespace headroom
