#include "policy/capacity_policy.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr double kMostLoad = 1e150;

int64_t horizon_ms(const ForecastView& view, size_t index) {
  return saturating_mul(view.step_ms, view.steps[index]);
}

}  // namespace

int64_t CapacityPolicy::lead_ms(int64_t time_ms, int64_t origin_ms, int64_t start_up_ms) const {
  const int64_t age_ms = std::max(saturating_sub(time_ms, origin_ms), metric_delay_ms);
  return saturating_add(saturating_add(age_ms, start_up_ms), decision_interval_ms);
}

std::optional<double> largest_expected(const ForecastView& view, ForecastQuantile quantile, double present_load, int64_t until_ms) {
  if (!view.available || !std::isfinite(present_load)) return std::nullopt;
  double before = std::clamp(present_load, 0.0, kMostLoad);
  double most = before;
  int64_t before_ms = 0;
  for (size_t i = 0; i < ForecastView::kHorizons && before_ms < until_ms; ++i) {
    const int64_t at_ms = horizon_ms(view, i);
    if (at_ms <= before_ms || !std::isfinite(quantile_of(view.at[i], quantile))) return std::nullopt;
    const double here = std::clamp(quantile_of(view.at[i], quantile), 0.0, kMostLoad);
    const double share = std::min(static_cast<double>(until_ms - before_ms) / static_cast<double>(at_ms - before_ms), 1.0);
    most = std::max(most, before + (here - before) * share);
    before = here;
    before_ms = at_ms;
  }
  return most;
}

std::optional<double> replicas_needed(double load, double capacity, double target_utilisation) {
  if (!std::isfinite(load) || load < 0 || !(capacity > 0) || !(target_utilisation > 0)) return std::nullopt;
  const double replicas = load / (capacity * target_utilisation);
  return std::isfinite(replicas) ? std::optional(replicas) : std::nullopt;
}

int64_t whole_replicas(double replicas) {
  constexpr double kSlack = 1e-6;
  if (!(replicas > 0)) return 0;
  return static_cast<int64_t>(std::min(std::ceil(replicas * (1 - kSlack)), static_cast<double>(kMostReplicas)));
}

Status check_capacity_policy(const CapacityPolicy& policy, const ForecastView& shape, int64_t start_up_ms) {
  if (!(policy.target_utilisation > 0) || policy.target_utilisation > 1)
    return Status(Code::kInvalid, "target_utilisation must be above 0 and at most 1");
  if (policy.metric_delay_ms < 0 || policy.decision_interval_ms < 0 || start_up_ms < 0)
    return Status(Code::kInvalid, "start-up, metric delay and decision interval must not be negative");
  const int64_t lead_ms = policy.lead_ms(0, 0, start_up_ms);
  const int64_t last_ms = horizon_ms(shape, ForecastView::kHorizons - 1);
  if (lead_ms <= last_ms) return Status();
  return Status(Code::kInvalid, "start-up + metric delay + decision interval are " + std::to_string(lead_ms / 1000) +
                                    " s, and the last horizon of the forecast ends after " + std::to_string(last_ms / 1000) + " s");
}

size_t deciding_horizon(const ForecastView& view, int64_t lead_ms) {
  for (size_t i = 0; i < ForecastView::kHorizons; ++i) {
    if (horizon_ms(view, i) >= lead_ms) return i;
  }
  return ForecastView::kHorizons - 1;
}

}  // namespace headroom
