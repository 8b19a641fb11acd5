#include "policy/peer_scalers.h"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

constexpr int64_t kLookMs = 15'000;

}  // namespace

int64_t HpaStabiliser::decide(int64_t time_ms, int64_t current, int64_t wanted) {
  wanted = std::clamp(wanted, behaviour_.least, behaviour_.most);
  const int64_t most_asked = asked_.add(MovingKind::kMax, behaviour_.in_window_ms, time_ms, wanted);
  if (wanted < current) wanted = std::min(most_asked, current);
  const int64_t made = rates_.limited(behaviour_.rates, time_ms, current, wanted);
  rates_.note(behaviour_.rates, time_ms, made - current);
  return made;
}

int64_t HpaScaler::operator()(const ServiceView& view) {
  const double ratio = view.utilisation / target_;
  const auto current = static_cast<double>(view.desired);
  auto ready = static_cast<double>(view.measured_ready);
  double wanted = current;
  if (std::abs(ratio - 1) > behaviour_.tolerance) {
    // Those that are starting are taken for idle when the others ask for more, so that it does not go out twice for the same need.
    const double with_starting = ratio * ready / current;
    const bool starting = view.desired > view.ready;
    if (ratio < 1 || !starting)
      wanted = std::ceil(ratio * ready);
    else if (with_starting > 1 + behaviour_.tolerance)
      wanted = std::ceil(with_starting * current);
  }
  return stabiliser_.decide(view.time_ms, view.desired, static_cast<int64_t>(wanted));
}

int64_t RateScaler::operator()(const ServiceView& view) {
  return stabiliser_.decide(view.time_ms, view.desired, replicas_for(view.load, capacity_ * target_));
}

int64_t ForesightScaler::needed(int64_t from_ms, int64_t ahead_ms) const {
  double most = load_.at(from_ms + ahead_ms);
  for (int64_t time_ms = from_ms; time_ms < from_ms + ahead_ms; time_ms += kLookMs) most = std::max(most, load_.at(time_ms));
  return replicas_for(most, capacity_ * rule_.target);
}

int64_t ForesightScaler::operator()(const ServiceView& view) const {
  const int64_t soon = needed(view.time_ms, rule_.ahead_ms);
  if (soon >= view.desired) return soon;
  const int64_t held = std::max(soon, needed(view.time_ms, std::max(rule_.hold_ms, rule_.ahead_ms)));
  const double change = static_cast<double>(view.desired - held);
  return change >= rule_.min_change * static_cast<double>(view.desired) ? std::min(held, view.desired) : view.desired;
}

}  // namespace headroom
