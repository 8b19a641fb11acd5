#pragma once

#include <cstdint>

#include "policy/load_curve.h"
#include "policy/moving_results.h"
#include "policy/scale_rates.h"
#include "policy/service_model.h"

namespace headroom {

// The Kubernetes HPA's rules of behaviour, with its defaults.
struct HpaBehaviour {
  double tolerance = 0.1;  // no change while the metric is this near to its target
  int64_t in_window_ms = 300'000;
  ScaleRateLimits rates;
  int64_t least = 1;
  int64_t most = 1000;
};

// What the HPA makes of a number that its metric asks for: in to the most that was asked for in the window, and not faster than its
// policies allow. One thread.
class HpaStabiliser {
 public:
  explicit HpaStabiliser(const HpaBehaviour& behaviour) : behaviour_(behaviour) {}
  int64_t decide(int64_t time_ms, int64_t current, int64_t wanted);

 private:
  HpaBehaviour behaviour_;
  MovingResults asked_;
  ScaleRates rates_;
};

// The Kubernetes HPA on utilisation, as its controller (v2) has it: ceil(ready replicas x utilisation / target), no change within the
// tolerance; replicas that are starting count as idle when it would go out, and then may not turn the direction.
class HpaScaler {
 public:
  HpaScaler(const HpaBehaviour& behaviour, double target) : behaviour_(behaviour), target_(target), stabiliser_(behaviour) {}
  int64_t operator()(const ServiceView& view);

 private:
  HpaBehaviour behaviour_;
  double target_;
  HpaStabiliser stabiliser_;
};

// The plain rate rule: ceil(load / (capacity x target)), under the HPA's behaviour and without its tolerance.
class RateScaler {
 public:
  RateScaler(const HpaBehaviour& behaviour, double capacity, double target)
      : capacity_(capacity), target_(target), stabiliser_(behaviour) {}
  int64_t operator()(const ServiceView& view);

 private:
  double capacity_;
  double target_;
  HpaStabiliser stabiliser_;
};

// Knows what comes: the most of the load from now to the end of `ahead_ms`, at the target; goes out at once, in only when what comes within
// `hold_ms` fits too and the change is at least `min_change` of what there is. Not the least possible cost: what a forecast could reach at
// best.
struct ForesightRule {
  double target = 0.85;
  int64_t ahead_ms = 120'000;
  int64_t hold_ms = 900'000;
  double min_change = 0.1;
};
class ForesightScaler {
 public:
  ForesightScaler(const ForesightRule& rule, const LoadCurve& load, double capacity) : rule_(rule), load_(load), capacity_(capacity) {}
  int64_t operator()(const ServiceView& view) const;

 private:
  int64_t needed(int64_t from_ms, int64_t ahead_ms) const;

  ForesightRule rule_;
  const LoadCurve& load_;
  double capacity_;
};

}  // namespace headroom
