#pragma once

#include <cstdint>
#include <cstring>

// Decimal digits, eight at a time in one 64-bit word (little-endian: the first character is the lowest byte).
namespace headroom::codec {

inline constexpr uint64_t kPowersOfTen[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

// Eight characters, digits as 0 to 9.
inline uint64_t load_digits(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word ^ 0x3030303030303030;
}

// How many of the eight are digits before the first that is none. Adding carries into later characters only.
inline unsigned leading_digits(uint64_t digits) {
  const uint64_t others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
  return others == 0 ? 8 : static_cast<unsigned>(__builtin_ctzll(others)) / 8;
}

// The number that the first `count` (1 to 8) of them make: zeros are shifted in before them, then pairs, fours and eights are joined.
inline uint64_t digits_value(uint64_t digits, unsigned count) {
  digits <<= 64 - 8 * count;
  digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
  digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffff;
  return (digits * 10'000 + (digits >> 32)) & 0xffffffff;
}

}  // namespace headroom::codec
