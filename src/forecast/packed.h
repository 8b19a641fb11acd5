#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace headroom {

// Numbers in few bits, rounded to nearest, for what a state keeps.

// The upper half of a float: eight bits of precision over its whole range.
inline uint16_t to_bfloat(float x) {
  return static_cast<uint16_t>((std::bit_cast<uint32_t>(x) + 0x8000U) >> 16);
}
inline float from_bfloat(uint16_t x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

// IEEE 754 halves: eleven bits of precision, up to 65,504.
void to_halves(std::span<const float> in, std::span<uint16_t> out);
void from_halves(std::span<const uint16_t> in, std::span<float> out);

// A byte for what lies within -6 and 6.
int8_t to_byte(float x);
inline float from_byte(int8_t x) {
  return static_cast<float>(x) / 21;
}
// Onto that range, and back: x / (1 + |x| / 6).
float squash(float x);
float unsquash(float squashed);

}  // namespace headroom
