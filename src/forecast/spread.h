#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "forecast/lstm.h"

namespace headroom {

// How wide the errors of one horizon are. A width is a combination, learned online with weights that are not negative (normalised least
// mean squares, Widrow and Hoff 1960), of what errors were lately and at this time of day, of what the LSTM's heads say and of the step
// that the forecast takes; a quantile lies a multiple of it above the point, and the multiple follows the share of values above it
// (adaptive conformal inference, Gibbs and Candes 2021).
inline constexpr size_t kSpreadInputs = 8;

// The part that changes with every value.
struct SpreadTrack {
  std::array<float, 3> errors{};  // mean absolute error over 5 and 30 steps and a day
  std::array<float, kForecastQuantiles> multiples = {-1.3F, 0, 0.85F, 1.4F, 2, 4};
  auto fields() { return std::tie(errors, multiples); }

  // A forecast's point and width turned out to be off by `error`; `most`: what counts of it for the means; `count`: values so far.
  void hear(float error, float width, float most, int64_t day, uint32_t count);
};

template <size_t Slots>
struct SpreadWeights {
  std::array<float, kSpreadInputs> weights = {0.2F, 0.2F, 0.2F, 0.2F};
  std::array<uint16_t, Slots> by_time_of_day{};  // mean absolute errors, as upper halves of floats; 0 where not known
  auto fields() { return std::tie(weights, by_time_of_day); }
};

// The width for such inputs, and a lesson: it should have been `error`.
float width_of(const std::array<float, kSpreadInputs>& weights, const std::array<float, kSpreadInputs>& inputs);
void learn_width(std::array<float, kSpreadInputs>& weights, const std::array<float, kSpreadInputs>& inputs, float error);

}  // namespace headroom
