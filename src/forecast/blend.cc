#include "forecast/blend.h"

#include <Eigen/Core>
#include <algorithm>

namespace headroom {
namespace {

template <size_t N>
Features pad(const std::array<float, N>& said) {
  Features x;
  std::copy(said.begin(), said.end(), x.at.begin());
  return x;
}

constexpr float kMostLoss = 50;
constexpr float kSharpness = 25;  // an expert that is a tenth worse weighs a twelfth
constexpr float kStackHuber = 1;

// By how well each did; padded, and not yet divided by their sum.
template <size_t Experts>
Features shares(const BlendState<Experts>& state, float& sum) {
  Features loss;
  const float least = std::max(*std::min_element(state.loss.begin(), state.loss.end()), 1e-9F);
  for (size_t e = 0; e < Experts; ++e) loss.at[e] = kSharpness * (1 - state.loss[e] / least);
  Eigen::Map<Eigen::Array<float, kMostFeatures, 1>, Eigen::Aligned32> weights(loss.at.data());
  weights = weights.max(-80.0F).exp();
  for (size_t e = Experts; e < kMostFeatures; ++e) loss.at[e] = 0;
  sum = weights.sum();
  return loss;
}

}  // namespace

template <size_t Experts>
std::array<float, Experts> blend_weights(const BlendState<Experts>& state) {
  float sum = 0;
  const Features by_loss = shares(state, sum);
  std::array<float, Experts> weights;
  for (size_t e = 0; e < Experts; ++e) weights[e] = (by_loss.at[e] / sum + state.stack.weights[e]) / 2;
  return weights;
}

template <size_t Experts>
float blend(const BlendState<Experts>& state, const std::array<float, Experts>& said) {
  const Features all = pad(said);
  float sum = 0;
  const float mixture = dot(shares(state, sum), all) / sum;
  return (mixture + predict(state.stack, all)) / 2;
}

template <size_t Experts>
void blend_learn(BlendState<Experts>& state, const std::array<float, Experts>& said, float target, const BlendSettings& settings) {
  const float keep = 1 - 0.6931472F / settings.half_life;
  for (size_t e = 0; e < Experts; ++e) state.loss[e] = keep * state.loss[e] + std::min(std::abs(said[e] - target), kMostLoss);
  Ridge stack(state.stack);
  stack.learn(pad(said), target, kStackHuber, 1 - 1 / settings.stack_life);
  stack.store(state.stack);
}

template std::array<float, 11> blend_weights<11>(const BlendState<11>&);
template float blend<11>(const BlendState<11>&, const std::array<float, 11>&);
template void blend_learn<11>(BlendState<11>&, const std::array<float, 11>&, float, const BlendSettings&);
template std::array<float, 12> blend_weights<12>(const BlendState<12>&);
template float blend<12>(const BlendState<12>&, const std::array<float, 12>&);
template void blend_learn<12>(BlendState<12>&, const std::array<float, 12>&, float, const BlendSettings&);
template std::array<float, 6> blend_weights<6>(const BlendState<6>&);
template float blend<6>(const BlendState<6>&, const std::array<float, 6>&);
template void blend_learn<6>(BlendState<6>&, const std::array<float, 6>&, float, const BlendSettings&);

}  // namespace headroom
