#include "policy/scale_rates.h"

#include <algorithm>
#include <cmath>

#include "policy/quantity.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

int64_t part_of(double share, int64_t whole, bool up) {
  const double part = share * static_cast<double>(whole);
  return std::max<int64_t>(round_units(up ? std::ceil(part) : std::floor(part)), 0);
}

}  // namespace

int64_t ScaleRates::limited(const ScaleRateLimits& limits, int64_t time_ms, int64_t current, int64_t wanted) const {
  int64_t out = 0;
  int64_t in = 0;
  for (const Change& change : changes) {
    if (saturating_sub(time_ms, change.time_ms) >= limits.period_ms) continue;
    int64_t& moved = change.replicas > 0 ? out : in;
    moved = saturating_add(moved, change.replicas);
  }
  // Where the period began: what was added since, less what was taken away.
  const int64_t start = std::max<int64_t>(saturating_sub(saturating_sub(current, out), in), 0);
  if (wanted > current) {
    const int64_t most = saturating_add(start, std::max(part_of(limits.out_share, start, true), limits.out_replicas));
    return std::clamp(most, current, wanted);
  }
  const int64_t least = saturating_sub(start, std::max(part_of(limits.in_share, start, false), limits.in_replicas));
  return std::clamp(least, wanted, current);
}

void ScaleRates::note(const ScaleRateLimits& limits, int64_t time_ms, int64_t change) {
  std::erase_if(changes, [&](const Change& old) { return saturating_sub(time_ms, old.time_ms) >= limits.period_ms; });
  if (change == 0) return;
  if (changes.size() >= kMostChanges) changes.erase(changes.begin(), changes.end() - (kMostChanges - 1));
  changes.push_back({time_ms, change});
}

}  // namespace headroom
