#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace headroom {

// How far a number of replicas may move within a period: the larger of a share of what there was and of a number, as the Kubernetes HPA's
// `behavior` has it (policies of Percent and Pods, selectPolicy Max; its defaults are these).
struct ScaleRateLimits {
  int64_t period_ms = 15'000;
  double out_share = 1.0;
  int64_t out_replicas = 4;
  double in_share = 1.0;
  int64_t in_replicas = 0;
};

// What was changed within the last period, so that a number that moved already may only go the rest of the way. Plain data; a State may
// hold it. Calls come in the order of time. One thread.
struct ScaleRates {
  static constexpr size_t kMostChanges = 64;

  struct Change {
    int64_t time_ms = 0;
    int64_t replicas = 0;  // above 0: out
    auto fields() { return std::tie(time_ms, replicas); }
  };
  std::vector<Change> changes;  // ascending, of the last period

  // `wanted` as far as the limits let it go from `current` now.
  int64_t limited(const ScaleRateLimits& limits, int64_t time_ms, int64_t current, int64_t wanted) const;
  void note(const ScaleRateLimits& limits, int64_t time_ms, int64_t change);

  auto fields() { return std::tie(changes); }
};

}  // namespace headroom
