#pragma once

#include <cstdint>
#include <optional>

#include "headroom/status.h"
#include "policy/forecast_view.h"

namespace headroom {

// Replicas for what is expected: the largest quantile over all times up to the lead, divided by what one replica carries at the target.
struct CapacityPolicy {
  ForecastQuantile quantile = ForecastQuantile::kQ95;
  double target_utilisation = 0.8;  // above 0, at most 1
  int64_t metric_delay_ms = 30'000;
  int64_t decision_interval_ms = 15'000;

  // How far ahead of the forecast's origin a decision of now takes effect, until the next one can: the age of what is known, at least the
  // metric delay, + start-up + one interval.
  int64_t lead_ms(int64_t time_ms, int64_t origin_ms, int64_t start_up_ms) const;
};

// The largest quantile from the origin to `until_ms` after it: linear between `present_load` at the origin and the horizons, and as at the
// last horizon beyond it. None when nothing is available, or a horizon that is needed has no finite number. Never below 0.
std::optional<double> largest_expected(const ForecastView& view, ForecastQuantile quantile, double present_load, int64_t until_ms);

// load / (capacity x target), unrounded; none when one of them is no number above 0 (the load may be 0).
std::optional<double> replicas_needed(double load, double capacity, double target_utilisation);

// Rounded up, as a number of replicas; at most kMostReplicas. What exceeds a whole number by less than a part in a million is not worth one
// more.
inline constexpr int64_t kMostReplicas = 1'000'000;
int64_t whole_replicas(double replicas);

// Refuses horizons that end before the lead (start-up + metric delay + decision interval), a target outside of (0, 1] and times below 0.
[[nodiscard]] Status check_capacity_policy(const CapacityPolicy& policy, const ForecastView& shape, int64_t start_up_ms);

// The first horizon that covers the lead; the last one when none does.
size_t deciding_horizon(const ForecastView& view, int64_t lead_ms);

}  // namespace headroom
