#include "forecast/ridge.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

using Vector = Eigen::Matrix<float, kMostFeatures, 1>;

auto map(Features& features) {
  return Eigen::Map<Vector, Eigen::Aligned32>(features.at.data());
}
auto map(const Features& features) {
  return Eigen::Map<const Vector, Eigen::Aligned32>(features.at.data());
}

// A direction that no input excites would grow without end while the others are forgotten.
constexpr float kMostVariance = 10.0F;

}  // namespace

float dot(const Features& a, const Features& b) {
  return map(a).dot(map(b));
}

void Ridge::unpack(const float* weights, const float* covariance) {
  for (size_t i = 0; i < size_; ++i) {
    weights_.at[i] = weights[i];
    for (size_t j = i; j < size_; ++j) rows_[i].at[j] = rows_[j].at[i] = *covariance++;
  }
}

void Ridge::pack(float* weights, float* covariance) const {
  for (size_t i = 0; i < size_; ++i) {
    weights[i] = weights_.at[i];
    for (size_t j = i; j < size_; ++j) *covariance++ = rows_[i].at[j];
  }
}

void Ridge::learn(const Features& x, float target, float huber, float forgetting) {
  Features gain;
  for (size_t i = 0; i < size_; ++i) gain.at[i] = dot(rows_[i], x);
  const float error = target - predict(x);
  const float weight = std::abs(error) > huber ? huber / std::abs(error) : 1.0F;
  const float moment = forgetting / weight + dot(gain, x);
  map(weights_) += map(gain) * (error / moment);
  const float again = 1 / forgetting;
  for (size_t i = 0; i < size_; ++i) map(rows_[i]) = (map(rows_[i]) - map(gain) * (gain.at[i] / moment)) * again;
  limit();
}

void Ridge::limit() {
  for (size_t i = 0; i < size_; ++i) {
    const float variance = rows_[i].at[i];
    if (variance > 0 && variance <= kMostVariance) continue;
    // Not positive: rounding has eaten what was left of it, which happens where an input repeats others.
    const float scale = variance > 0 ? std::sqrt(kMostVariance / variance) : 0.0F;
    for (size_t j = 0; j < size_; ++j) rows_[i].at[j] = rows_[j].at[i] *= scale;
    rows_[i].at[i] = variance > 0 ? kMostVariance : 1e-3F;
  }
}

}  // namespace headroom
