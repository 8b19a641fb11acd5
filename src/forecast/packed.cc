#include "forecast/packed.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace headroom {

void to_halves(std::span<const float> in, std::span<uint16_t> out) {
  const auto n = static_cast<Eigen::Index>(in.size());
  Eigen::Map<Eigen::Array<Eigen::half, Eigen::Dynamic, 1>>(reinterpret_cast<Eigen::half*>(out.data()), n) =
      Eigen::Map<const Eigen::ArrayXf>(in.data(), n).max(-65'504.0F).min(65'504.0F).cast<Eigen::half>();
}

void from_halves(std::span<const uint16_t> in, std::span<float> out) {
  const auto n = static_cast<Eigen::Index>(in.size());
  Eigen::Map<Eigen::ArrayXf>(out.data(), n) =
      Eigen::Map<const Eigen::Array<Eigen::half, Eigen::Dynamic, 1>>(reinterpret_cast<const Eigen::half*>(in.data()), n).cast<float>();
}

int8_t to_byte(float x) {
  if (std::isnan(x)) return 0;
  return static_cast<int8_t>(std::lround(std::clamp(x, -6.0F, 6.0F) * 21));
}

float squash(float x) {
  return x / (1 + std::abs(x) / 6);
}
float unsquash(float squashed) {
  return squashed / (1 - std::min(std::abs(squashed), 5.95F) / 6);
}

}  // namespace headroom
