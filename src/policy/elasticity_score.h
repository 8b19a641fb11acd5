#pragma once

#include <cstdint>
#include <tuple>

namespace headroom {

// One tick of a service, as it is judged.
struct ElasticityTick {
  int64_t demand = 1;     // least replicas that carry the load; above 0
  int64_t supply = 0;     // replicas that are ready
  int64_t paid = 0;       // replicas that are ready or starting
  bool acted = false;     // the desired number changed at this tick
  double backlog_ms = 0;  // the time in which the ready replicas would work off what waits
};

// How well supply followed demand, by the measures of the SPEC research group's elasticity metrics (BUNGEE, normalised by demand):
//   theta_U = 100/T sum max(d - s, 0) / d     theta_O = 100/T sum max(s - d, 0) / d     accuracy, per cent
//   tau_U   = 100/T sum [s < d]               tau_O   = 100/T sum [s > d]                share of time, per cent
// beside them the cost (replica-hours paid, relative to those demanded), changes of the desired number a day, and the share of time with
// more than 30 s of backlog. Sums only, so that scores of parts of a run add up. Nothing scored gives zeros.
struct ElasticityScore {
  static constexpr double kLateMs = 30'000;

  int64_t ticks = 0;
  double under = 0;
  double over = 0;
  int64_t ticks_under = 0;
  int64_t ticks_over = 0;
  int64_t ticks_late = 0;
  int64_t actions = 0;
  int64_t demanded = 0;  // replica-ticks
  int64_t paid = 0;      // replica-ticks

  void add(const ElasticityTick& tick);
  double theta_under() const { return share(under); }
  double theta_over() const { return share(over); }
  double tau_under() const { return share(static_cast<double>(ticks_under)); }
  double tau_over() const { return share(static_cast<double>(ticks_over)); }
  double late() const { return share(static_cast<double>(ticks_late)); }
  double cost() const { return demanded > 0 ? static_cast<double>(paid) / static_cast<double>(demanded) : 0; }
  double actions_a_day(int64_t tick_ms) const;

  auto fields() { return std::tie(ticks, under, over, ticks_under, ticks_over, ticks_late, actions, demanded, paid); }

 private:
  double share(double sum) const { return ticks > 0 ? 100.0 * sum / static_cast<double>(ticks) : 0; }
};

}  // namespace headroom
