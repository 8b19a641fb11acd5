#pragma once

#include <cstdint>

namespace headroom {

// A series' values as the forecasters see them: as they are, and as asinh(value / (2 unit)), which is linear below the unit and logarithmic
// above it, defined for zeros and negative values (Johnson 1949).

// asinh and its inverse, from polynomials compiled in: the same bits on every machine of a build, which the C library does not promise.
float to_log(float value, float unit);
float from_log(float log_value, float unit);
// Eight at once.
void from_log8(const float* log_values, float unit, float* values);
// sin and cos of 2 pi `turn` and of 4 pi `turn`.
void day_waves(float turn, float* four);

// Sixteen bits of a log value, in steps of 1/2048; kNoLog where there is none.
inline constexpr int16_t kNoLog = INT16_MIN;
int16_t pack_log(float log_value);
inline float unpack_log(int16_t packed) {
  return static_cast<float>(packed) / 2048.0F;
}

}  // namespace headroom
