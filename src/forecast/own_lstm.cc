#include "forecast/own_lstm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/lstm_training.h"
#include "forecast/packed.h"

namespace headroom {
namespace {

constexpr int64_t kWindowEvery = 96, kTrainEvery = 24;
constexpr uint32_t kOwnAfter = 1500;  // values: forecasts that are not themselves yet teach nothing
constexpr float kRate = 5e-4F;
constexpr size_t kBurn = 12;
constexpr int8_t kUnlabelled = -128;
constexpr auto kSteps = static_cast<int64_t>(kReplaySteps);

}  // namespace

void see_inputs(BlockInputs& rows, int64_t step, const LstmInput& input) {
  std::transform(input.begin(), input.end(), rows[static_cast<size_t>(step % kBlock)].begin(), to_byte);
}

template <size_t Windows>
void OwnLstm<Windows>::label(int64_t step, size_t horizon, float lack) {
  auto& newest = replay[0];
  if (newest.first < 0 || step < newest.first || step >= newest.first + kSteps) return;
  newest.targets[static_cast<size_t>(step - newest.first) * kForecastHorizons + horizon] = to_byte(squash(std::clamp(lack, -12.0F, 12.0F)));
}

template <size_t Windows>
void OwnLstm<Windows>::record(int64_t step, const BlockInputs& rows) {
  auto& newest = replay[0];
  const int64_t first = step - kBlock + 1;
  if (first % kWindowEvery == 0) {
    const uint64_t chance = next_random(random);
    size_t into = 1 + (chance >> 8) % (Windows - 1);
    for (size_t i = Windows - 1; i > 0; --i)
      if (replay[i].first < 0) into = i;
    if (newest.first >= 0 && (replay[into].first < 0 || chance % 2 == 0)) replay[into] = newest;
    newest.first = first;
    newest.targets.fill(kUnlabelled);
  }
  if (newest.first < 0 || first < newest.first || first >= newest.first + kSteps) return;
  auto out = newest.inputs.begin() + (first - newest.first) * static_cast<int64_t>(kLstmInputs);
  for (const auto& row : rows) out = std::copy(row.begin(), row.end(), out);
}

template <size_t Windows>
bool OwnLstm<Windows>::due(int64_t step, uint32_t values) const {
  return step % kTrainEvery == kTrainEvery - 1 && values >= kOwnAfter && replay.back().first >= 0;
}

template <size_t Windows>
LstmWeights OwnLstm<Windows>::unpacked() const {
  alignas(64) std::array<float, kLstmSize> flat;
  from_halves(weights, flat);
  LstmWeights out;
  unflatten(flat, out);
  return out;
}

template <size_t Windows>
void OwnLstm<Windows>::train(const LstmWeights& begin_with) {
  LstmWindows windows{Windows, kReplaySteps, {}, {}};
  for (size_t s = 0; s < kReplaySteps; ++s) {
    for (const auto& window : replay) {
      for (size_t i = 0; i < kLstmInputs; ++i) windows.inputs.push_back(from_byte(window.inputs[s * kLstmInputs + i]));
      for (size_t h = 0; h < kForecastHorizons; ++h) {
        const int8_t packed = window.targets[s * kForecastHorizons + h];
        windows.targets.push_back(packed == kUnlabelled ? std::numeric_limits<float>::quiet_NaN() : unsquash(from_byte(packed)));
      }
    }
  }
  LstmWeights now = begun ? unpacked() : begin_with, gradient;
  lstm_gradient(now, windows, kBurn, gradient);
  lstm_update(now, moments, gradient, kRate);
  alignas(64) std::array<float, kLstmSize> flat;
  flatten(now, flat);
  to_halves(flat, weights);
  begun = true;
}

template struct OwnLstm<2>;
template struct OwnLstm<3>;

}  // namespace headroom
