#include "policy/adaptive_target.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {

void AdaptiveTarget::see(const TargetRule& rule, int64_t now_ms, double full_replicas, int64_t ready) {
  constexpr double kDayMs = 86'400'000;
  const double days = static_cast<double>(std::max<int64_t>(saturating_sub(now_ms, time_ms), 0)) / kDayMs;
  below = std::max(below - rule.back_a_day * days, 0.0);
  time_ms = now_ms;
  const auto there = static_cast<double>(ready);
  if (ready < rule.least_replicas || !(full_replicas > there * rule.near_from) || !(full_replicas <= there * rule.near_to)) return;
  const bool another = saturating_sub(now_ms, missed_ms) > rule.apart_ms;
  missed_ms = now_ms;
  if (another) below = std::min(below + rule.step, rule.highest - rule.lowest);
}

double AdaptiveTarget::target(const TargetRule& rule) const {
  const double found = std::isfinite(below) ? rule.highest - below : rule.lowest;
  return std::clamp(found, std::min(rule.lowest, rule.highest), rule.highest);
}

}  // namespace headroom
