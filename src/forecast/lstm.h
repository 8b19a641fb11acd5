#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

namespace headroom {

inline constexpr size_t kForecastHorizons = 3;
inline constexpr size_t kForecastQuantiles = 6;
inline constexpr std::array<float, kForecastQuantiles> kQuantiles = {0.1F, 0.5F, 0.8F, 0.9F, 0.95F, 0.99F};
inline constexpr size_t kMedian = 1;

inline constexpr size_t kLstmInputs = 16;
inline constexpr size_t kLstmHidden = 16;
inline constexpr size_t kLstmOutputs = kForecastHorizons * kForecastQuantiles;

// The weights of one LSTM layer (Hochreiter and Schmidhuber 1997, with forget gates) and of linear heads on [h; x], column by column.
// Gates in the order input, forget, candidate, output.
struct LstmWeights {
  static constexpr size_t kGates = 4 * kLstmHidden;
  static constexpr size_t kIn = kLstmInputs + kLstmHidden;
  alignas(64) std::array<float, kGates * kIn> cell{};
  alignas(64) std::array<float, kGates> cell_bias{};
  alignas(64) std::array<float, kLstmOutputs * kIn> head{};
  alignas(64) std::array<float, kLstmOutputs> head_bias{};
};
inline constexpr size_t kLstmSize =
    LstmWeights::kGates * LstmWeights::kIn + LstmWeights::kGates + kLstmOutputs * LstmWeights::kIn + kLstmOutputs;

// Reads and writes all weights in one order.
void flatten(const LstmWeights& weights, std::span<float, kLstmSize> out);
void unflatten(std::span<const float, kLstmSize> in, LstmWeights& weights);

struct LstmState {
  alignas(64) std::array<float, kLstmHidden> h{};
  alignas(64) std::array<float, kLstmHidden> c{};
};
// The same as it is kept between steps: halves, h then c.
using PackedLstmState = std::array<uint16_t, 2 * kLstmHidden>;
PackedLstmState packed(const LstmState& state);
LstmState unpacked(const PackedLstmState& state);
using LstmInput = std::array<float, kLstmInputs>;
using LstmOutput = std::array<float, kLstmOutputs>;  // by horizon, then quantile

// One step of one series.
LstmOutput step(const LstmWeights& weights, LstmState& state, const LstmInput& input);

// Steps one after the other of several series, all of one length: inputs, and what the heads should have said; NaN where that is not known.
struct LstmWindows {
  size_t windows = 0;
  size_t steps = 0;
  std::vector<float> inputs;   // [step][window][input]
  std::vector<float> targets;  // [step][window][horizon]
};

// The shape of the loss.
struct LstmLossShape {
  float smooth = 0.3F;  // scales; below this error it is quadratic
  // Of the quantiles but the median: they are judged, yet must not bend what the medians learn.
  float outer_weight = 0.3F;
};

// Gradients of the smoothed pinball loss by back-propagation through all steps from zero states; the first `burn` steps are not judged.
// Adds to `gradient`, returns the mean loss of the medians.
float lstm_gradient(const LstmWeights& weights, const LstmWindows& windows, size_t burn, LstmWeights& gradient,
                    const LstmLossShape& shape = {});

// The pinball loss of one answer, not smoothed: the sum over horizons, weighted as in training, and quantiles. NaN targets are passed over.
float lstm_loss(const LstmOutput& said, const std::array<float, kForecastHorizons>& targets);

// What the optimiser remembers: second moments by row and by column of each matrix (Shazeer and Stern, Adafactor, 2018), no first moment.
struct LstmMoments {
  std::array<float, LstmWeights::kGates> cell_rows{};
  std::array<float, LstmWeights::kIn> cell_columns{};
  std::array<float, LstmWeights::kGates> cell_bias{};
  std::array<float, kLstmOutputs> head_rows{};
  std::array<float, LstmWeights::kIn> head_columns{};
  std::array<float, kLstmOutputs> head_bias{};
  uint32_t updates = 0;
  auto fields() { return std::tie(cell_rows, cell_columns, cell_bias, head_rows, head_columns, head_bias, updates); }
};

// Clips the gradient to a norm of 0.5, takes one step of at most `rate` a weight (root mean square), and empties the gradient.
void lstm_update(LstmWeights& weights, LstmMoments& moments, LstmWeights& gradient, float rate);

}  // namespace headroom
