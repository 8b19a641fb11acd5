#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "forecast/ridge.h"

namespace headroom {

// How the forecasts of the experts become one: the mean of two mixtures. One weighs by how well each did lately (exponential weights on
// discounted absolute errors, Cesa-Bianchi and Lugosi 2006, 2.3), one is a robust regression on all of them (stacking, Wolpert 1992).
template <size_t Experts>
struct BlendState {
  std::array<float, Experts> loss{};  // discounted, in scales
  RidgeState<Experts> stack;
  auto fields() { return std::tie(loss, stack); }
};

struct BlendSettings {
  float half_life = 72;     // of the losses, in learned forecasts
  float stack_life = 1080;  // of the regression, the same
};

template <size_t Experts>
float blend(const BlendState<Experts>& state, const std::array<float, Experts>& said);
// The weight of each expert in that forecast. Those of the regression may be negative.
template <size_t Experts>
std::array<float, Experts> blend_weights(const BlendState<Experts>& state);
// `target`: the truth in the same terms as what was said.
template <size_t Experts>
void blend_learn(BlendState<Experts>& state, const std::array<float, Experts>& said, float target, const BlendSettings& settings);

}  // namespace headroom
