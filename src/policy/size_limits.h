#pragma once

#include <cstdint>
#include <optional>

#include "headroom/action.h"

namespace headroom {

// What a desired size must keep to, in micro-cores or bytes.
struct SizeLimits {
  double max_shrink = 0.5;       // share of the current size that one command may take away
  double max_grow = 3.0;         // share of the current size that one command may add
  double usage_floor = 0;        // times the largest used value: never less; 0 where there is no such floor
  std::optional<int64_t> least;  // gate `min`
  std::optional<int64_t> most;   // gate `max`, at least `multiple`
  int64_t multiple = 1;          // desired sizes are multiples of it; above 0
};

// The wish as far as these allow, in this order: usage floor, steps from `current` (above 0), usage floor again, gate min, gate max, up to
// the multiple. What the limits make of a wish for 0 and for kMostUnits are the bounds of what can be had. Pure; any thread.
int64_t limited_size(const SizeLimits& limits, int64_t wish, int64_t current, int64_t used_max);

// Gates and rounding only.
int64_t gated_size(const SizeLimits& limits, int64_t wish);

}  // namespace headroom
