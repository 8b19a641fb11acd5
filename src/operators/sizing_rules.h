#pragma once

#include <array>
#include <cstdint>

#include "headroom/action.h"
#include "operators/right_sizing_params.h"
#include "policy/band.h"
#include "policy/bucket_ring.h"
#include "policy/size_limits.h"

namespace headroom {

// SizingRules in the form that steps read, for one mode.
struct CompiledSizing {
  CompiledSizing(const SizingRules& rules, ActionMode action_mode);

  const BandPolicy& band(Resource resource) const { return bands[static_cast<size_t>(resource)]; }
  const SizeLimits& size_limits(Resource resource) const { return sizes[static_cast<size_t>(resource)]; }

  ActionMode mode;
  SizingPolicy policy;
  double quantile;
  double margin;
  int64_t half_life_ms;
  int64_t bucket_ms;
  int64_t window_ms;
  int64_t min_history_ms;
  uint32_t patience;
  double oom_factor;
  int64_t oom_least_step_bytes;
  CommandLimits limits;
  std::array<BandPolicy, 2> bands;
  std::array<SizeLimits, 2> sizes;
};

}  // namespace headroom
