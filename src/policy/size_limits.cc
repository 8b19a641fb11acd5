#include "policy/size_limits.h"

#include <algorithm>

#include "policy/quantity.h"

namespace headroom {

int64_t gated_size(const SizeLimits& limits, int64_t wish) {
  int64_t size = std::max<int64_t>(wish, 0);
  if (limits.least) size = std::max(size, round_up(*limits.least, limits.multiple));
  if (limits.most) size = std::min(size, round_down(*limits.most, limits.multiple));
  return round_up(size, limits.multiple);
}

int64_t limited_size(const SizeLimits& limits, int64_t wish, int64_t current, int64_t used_max) {
  const bool floored = limits.usage_floor > 0;
  const int64_t floor = floored ? round_units(limits.usage_floor * static_cast<double>(used_max)) : 0;
  int64_t size = floored ? std::max(wish, floor) : wish;
  size = std::max(size, round_units(static_cast<double>(current) * (1.0 - limits.max_shrink)));
  size = std::min(size, round_units(static_cast<double>(current) * (1.0 + limits.max_grow)));
  if (floored) size = std::max(size, floor);
  return gated_size(limits, size);
}

}  // namespace headroom
