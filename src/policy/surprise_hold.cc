#include "policy/surprise_hold.h"

#include <algorithm>

#include "policy/saturating.h"

namespace headroom {

void SurpriseHold::see(const SurpriseRule& rule, const SurpriseSeen& seen) {
  constexpr int64_t kDayMs = 86'400'000;
  const double beyond = seen.full_replicas - static_cast<double>(seen.present);
  if (!(beyond > 0) || beyond > static_cast<double>(rule.most_beyond)) return;
  const bool fresh = seen.time_ms >= until_ms;
  if (fresh) {
    std::erase_if(begun_ms, [&](int64_t begun) { return saturating_sub(seen.time_ms, begun) >= kDayMs; });
    if (begun_ms.size() >= std::min(rule.a_day, kMostADay)) return;
    begun_ms.push_back(seen.time_ms);
  }
  need = fresh ? seen.need : std::max(need, seen.need);
  until_ms = saturating_add(seen.time_ms, rule.hold_ms);
}

}  // namespace headroom
