#include "operators/sizing_rules.h"

#include <optional>

namespace headroom {
namespace {

SizeLimits size_limits_of(const SizingRules& rules, const ResourceRules& resource) {
  SizeLimits limits;
  limits.max_shrink = rules.max_shrink;
  limits.max_grow = rules.max_grow;
  limits.usage_floor = resource.resource == Resource::kMemory ? rules.memory_floor : 0;
  if (resource.least > 0) limits.least = resource.least;
  if (resource.most > 0) limits.most = resource.most;
  limits.multiple = resource.multiple;
  return limits;
}

}  // namespace

CompiledSizing::CompiledSizing(const SizingRules& rules, ActionMode action_mode)
    : mode(action_mode),
      policy(rules.policy),
      quantile(rules.quantile),
      margin(rules.margin),
      half_life_ms(rules.half_life_ms),
      bucket_ms(rules.window_ms / BucketRing::kBuckets),
      window_ms(bucket_ms * BucketRing::kBuckets),
      min_history_ms(rules.min_history_ms.value_or(rules.window_ms / 2)),
      patience(rules.patience),
      oom_factor(rules.oom_factor),
      oom_least_step_bytes(rules.oom_least_step_bytes),
      limits(rules.limits),
      bands{BandPolicy(Resource::kCpu, rules.cpu.band), BandPolicy(Resource::kMemory, rules.memory.band)},
      sizes{size_limits_of(rules, rules.cpu), size_limits_of(rules, rules.memory)} {}

}  // namespace headroom
