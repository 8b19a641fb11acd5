#include "forecast/series_scale.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

using Eight = Eigen::Array<float, 8, 1>;
using Four = Eigen::Array<float, 4, 1>;
constexpr float kMostLog = 15.9F;

}  // namespace

float to_log(float value, float unit) {
  // Beyond that the logarithm is cut off anyway, and the square would be none.
  const float x = std::min(std::abs(value) / (2 * unit), 1e9F);
  // log1p's argument is exact enough near zero: x + x^2 / (1 + sqrt(x^2 + 1)).
  const float y = x + x * x / (1 + std::sqrt(x * x + 1));
  if (y < 1e-3F) return std::copysign(y - y * y / 2, value);
  return std::copysign(std::min(Four::Constant(1 + y).log()[0], kMostLog), value);
}

float from_log(float log_value, float unit) {
  const float z = std::clamp(log_value, -kMostLog, kMostLog);
  const Four e = Four::Constant(z).exp();
  return unit * (e[0] - 1 / e[0]);
}

void from_log8(const float* log_values, float unit, float* values) {
  Eight z = Eigen::Map<const Eight>(log_values);
  z = z.max(-kMostLog).min(kMostLog);
  const Eight e = z.exp();
  const Eight back = unit * (e - e.inverse());
  // Minimum and maximum lose what is not a number.
  for (int i = 0; i < 8; ++i) values[i] = std::isnan(log_values[i]) ? log_values[i] : back[i];
}

void day_waves(float turn, float* four) {
  constexpr float kTau = 6.2831853F;
  Four at;
  at << turn * kTau, turn * kTau + kTau / 4, 2 * turn * kTau, 2 * turn * kTau + kTau / 4;
  Eigen::Map<Four> out(four);
  out = at.sin();
}

int16_t pack_log(float log_value) {
  if (std::isnan(log_value)) return kNoLog;
  return static_cast<int16_t>(std::lround(std::clamp(log_value, -kMostLog, kMostLog) * 2048));
}

}  // namespace headroom
