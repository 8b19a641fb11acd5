#include "policy/elasticity_score.h"

#include <algorithm>

namespace headroom {

void ElasticityScore::add(const ElasticityTick& tick) {
  const int64_t demand = std::max<int64_t>(tick.demand, 1);
  const auto relative = [demand](int64_t replicas) { return static_cast<double>(replicas) / static_cast<double>(demand); };
  ++ticks;
  under += relative(std::max<int64_t>(demand - tick.supply, 0));
  over += relative(std::max<int64_t>(tick.supply - demand, 0));
  ticks_under += tick.supply < demand ? 1 : 0;
  ticks_over += tick.supply > demand ? 1 : 0;
  ticks_late += tick.backlog_ms > kLateMs ? 1 : 0;
  actions += tick.acted ? 1 : 0;
  demanded += demand;
  paid += tick.paid;
}

double ElasticityScore::actions_a_day(int64_t tick_ms) const {
  constexpr double kDayMs = 86'400'000;
  const double days = static_cast<double>(ticks) * static_cast<double>(tick_ms) / kDayMs;
  return days > 0 ? static_cast<double>(actions) / days : 0;
}

}  // namespace headroom
