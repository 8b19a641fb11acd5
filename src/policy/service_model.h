#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "policy/elasticity_score.h"
#include "policy/load_curve.h"

namespace headroom {

// What a back-test assumes of a service. The defaults are those of the figures that the README quotes.
struct ServiceShape {
  int64_t tick_ms = 15'000;
  int64_t start_up_ms = 90'000;      // from a change of the desired number to replicas that serve
  int64_t metric_delay_ms = 30'000;  // from a measurement to the one who decides
  double peak_quantile = 0.9995;     // capacity of a replica = this quantile of the load ...
  int64_t peak_replicas = 40;        // ... divided by this
  bool capped_utilisation = true;    // a replica cannot report more than 1
  int64_t unscored_ms = 7 * int64_t{86'400'000};
  int64_t first_replicas = 1;
  int64_t most_replicas = 1000;
};

// What the one who decides sees at a tick: measurements of `measured_ms`, the number that was last desired, and those that are ready now.
struct ServiceView {
  int64_t time_ms = 0;
  int64_t measured_ms = 0;
  double load = 0;         // asked of the service at measured_ms
  double utilisation = 0;  // of the replicas that were ready at measured_ms; with what waits, so it says 1 while there is a backlog
  int64_t measured_ready = 1;
  int64_t ready = 1;
  int64_t desired = 1;
};

// A service whose replicas each carry `capacity` of the load, need start_up_ms to become ready, and go at once. What they cannot carry
// waits, and is worked off when they can. One thread.
class ServiceModel {
 public:
  ServiceModel(const ServiceShape& shape, double capacity);

  // The service at the next tick, under `load` since the last one. `demand` = ceil(load / capacity), at least 1.
  ElasticityTick advance(int64_t time_ms, double load);
  // What is known now of metric_delay_ms ago; nothing older than the first tick.
  ServiceView view() const;
  // From now on `desired` replicas. The newest go first.
  void scale(int64_t desired);

 private:
  struct Measured {
    int64_t time_ms;
    double load;
    double utilisation;
    int64_t ready;
  };
  struct Starting {
    int64_t ready_ms;
    int64_t replicas;
  };
  double served(double load);

  ServiceShape shape_;
  double capacity_;
  int64_t time_ms_ = 0;
  int64_t ready_;
  int64_t desired_;
  double waiting_ = 0;  // load x ms
  std::deque<Starting> starting_;
  std::deque<Measured> measured_;
};

// The capacity of a replica that the shape gives to a load; above 0.
double capacity_of_replica(const ServiceShape& shape, const LoadCurve& load);

// Least replicas for a load, at least 1.
int64_t replicas_for(double load, double capacity);

// Runs a service under a load with whoever decides: called every tick, it returns the number desired from then on. The first
// shape.unscored_ms count for nothing.
ElasticityScore score_service(const ServiceShape& shape, const LoadCurve& load, const std::function<int64_t(const ServiceView&)>& decide);

}  // namespace headroom
