#include "forecast/spread.h"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr float kTrackRate = 0.03F;
constexpr float kMostMultiple = 30;
constexpr float kLearnRate = 0.03F;
constexpr float kMostLesson = 5;  // an error beyond so many widths teaches no more than one of so many

}  // namespace

void SpreadTrack::hear(float error, float width, float most, int64_t day, uint32_t count) {
  const float bounded = std::min(std::abs(error), most);
  const std::array<float, 3> rates = {1 / 5.0F, 1 / 30.0F, 1 / static_cast<float>(day)};
  for (size_t i = 0; i < errors.size(); ++i) errors[i] += std::max(rates[i], 1 / static_cast<float>(count)) * (bounded - errors[i]);
  // Quick at first, when widths are not yet what they will be.
  const float rate = std::max(kTrackRate, 20 / static_cast<float>(count + 50));
  for (size_t q = 0; q < kForecastQuantiles; ++q) {
    const float above = error > multiples[q] * width ? 1.0F : 0.0F;
    multiples[q] = std::clamp(multiples[q] + rate * (above - (1 - kQuantiles[q])), -kMostMultiple, kMostMultiple);
  }
}

float width_of(const std::array<float, kSpreadInputs>& weights, const std::array<float, kSpreadInputs>& inputs) {
  float width = 0;
  for (size_t i = 0; i < kSpreadInputs; ++i) width += weights[i] * inputs[i];
  return width;
}

void learn_width(std::array<float, kSpreadInputs>& weights, const std::array<float, kSpreadInputs>& inputs, float error) {
  const float width = width_of(weights, inputs);
  float size = 1e-9F;
  for (const float input : inputs) size += input * input;
  const float lesson = kLearnRate * (std::min(error, kMostLesson * width + 1e-6F) - width) / size;
  for (size_t i = 0; i < kSpreadInputs; ++i) weights[i] = std::max(0.0F, weights[i] + lesson * inputs[i]);
}

}  // namespace headroom
