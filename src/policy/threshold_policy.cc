#include "policy/threshold_policy.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {
namespace {

int64_t horizon_of(const ForecastView& view, size_t index) {
  return saturating_mul(view.step_ms, view.steps[index]);
}

std::optional<double> expected_at(const ThresholdRule& rule, const ForecastView* view) {
  if (view == nullptr || !view->available) return std::nullopt;
  for (size_t i = 0; i < ForecastView::kHorizons; ++i) {
    if (horizon_of(*view, i) < rule.horizon_ms) continue;
    const double expected = quantile_of(view->at[i], rule.quantile);
    return std::isfinite(expected) ? std::optional(expected) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

ThresholdChoice ThresholdPolicy::decide(const ThresholdRule& rule, const Seen& seen) const {
  ThresholdChoice choice{.desired = seen.current, .outcome = ThresholdOutcome::kInside, .expected = expected_at(rule, seen.forecast)};
  const auto settle = [&](int64_t desired, ThresholdOutcome outcome) {
    choice.desired = desired;
    choice.outcome = outcome;
    return choice;
  };
  if (seen.current < rule.least) return settle(rule.least, ThresholdOutcome::kLeast);
  if (seen.current > rule.most) return settle(rule.most, ThresholdOutcome::kMost);
  const bool out = seen.load > rule.above || (choice.expected && *choice.expected > rule.above);
  const bool in = choice.expected && *choice.expected < rule.below;
  if (!out && !in) return settle(seen.current, choice.expected ? ThresholdOutcome::kInside : ThresholdOutcome::kNoForecast);
  if (!out && !(seen.load < rule.below)) return settle(seen.current, ThresholdOutcome::kLoadNotBelow);
  if (seen.current == (out ? rule.most : rule.least)) return settle(seen.current, out ? ThresholdOutcome::kMost : ThresholdOutcome::kLeast);
  const bool waits = decided_ms && saturating_sub(seen.time_ms, *decided_ms) < rule.wait_ms;
  if (waits) return settle(seen.current, ThresholdOutcome::kWaiting);
  if (out) return settle(std::min(saturating_add(seen.current, rule.step), rule.most), ThresholdOutcome::kOut);
  return settle(std::max(saturating_sub(seen.current, rule.step), rule.least), ThresholdOutcome::kIn);
}

Status check_threshold_rule(const ThresholdRule& rule, const ForecastView& shape) {
  if (!(rule.below >= 0) || !(rule.below < rule.above)) return Status(Code::kInvalid, "below must be at least 0 and less than above");
  if (rule.least < 0 || rule.least > rule.most) return Status(Code::kInvalid, "min must be at least 0 and at most max");
  if (rule.step < 1) return Status(Code::kInvalid, "step must be at least 1");
  if (rule.wait_ms < 0 || rule.horizon_ms < 0) return Status(Code::kInvalid, "times must not be negative");
  if (rule.horizon_ms > horizon_of(shape, ForecastView::kHorizons - 1))
    return Status(Code::kInvalid, "the horizon lies beyond the last one of the forecast");
  return Status();
}

}  // namespace headroom
