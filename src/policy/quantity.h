#pragma once

#include <cmath>
#include <cstdint>

#include "headroom/action.h"

// Quantities as decisions compare them: integers, micro-cores for cpu, bytes for memory, micro-units for ratios. Pure; any thread.
namespace headroom {

// What any quantity is kept within (4 million million cores, 4 EB), so that sums and differences of two never overflow.
inline constexpr int64_t kMostUnits = 4'000'000'000'000'000'000;

// The nearest integer, halves to even, kept within +-kMostUnits; not a number gives -kMostUnits.
inline int64_t round_units(double value) {
  if (!(value > -static_cast<double>(kMostUnits))) return -kMostUnits;
  if (value >= static_cast<double>(kMostUnits)) return kMostUnits;
  return std::llrint(value);
}

// Base units (cores, bytes) as integers.
inline int64_t to_units(Resource resource, double value) {
  return round_units(resource == Resource::kCpu ? value * static_cast<double>(kMicro) : value);
}

// A ratio as micro-units.
inline int64_t ratio_units(double ratio) {
  return round_units(ratio * static_cast<double>(kMicro));
}

// Division that rounds towards minus infinity; `divisor` is above 0.
inline int64_t floor_div(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - static_cast<int64_t>(value % divisor < 0);
}

// To a multiple of `multiple` (above 0), of a value that is not negative.
inline int64_t round_up(int64_t value, int64_t multiple) {
  return (value + (multiple - 1)) / multiple * multiple;
}
inline int64_t round_down(int64_t value, int64_t multiple) {
  return value / multiple * multiple;
}

}  // namespace headroom
