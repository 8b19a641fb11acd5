#include "policy/consumer_rate.h"

#include <algorithm>

#include "policy/quantity.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
// Of a minute that counts; a tick may be late, and one may be missing.
constexpr int64_t kLeastCoveredMs = kMinuteMs / 4 * 3;

}  // namespace

void ConsumerRate::add(const ConsumerTick& tick) {
  const int64_t of_tick = floor_div(tick.time_ms, kMinuteMs);
  if (minute != of_tick) {
    close_minute();
    minute = of_tick;
    sum_milli = ticks = covered_ms = 0;
    consumers = tick.consumers;
    busy = true;
  }
  busy = busy && tick.busy && tick.consumers == consumers;
  sum_milli = saturating_add(sum_milli, tick.group_milli);
  ticks = saturating_add(ticks, 1);
  covered_ms = saturating_add(covered_ms, tick.interval_ms);
}

void ConsumerRate::close_minute() {
  if (!minute || !busy || ticks <= 0 || consumers <= 0 || covered_ms < kLeastCoveredMs) return;
  const int64_t of_one = sum_milli / ticks / consumers;
  if (of_one <= 0) return;
  if (minutes.size() >= kMostMinutes) minutes.erase(minutes.begin(), minutes.end() - (kMostMinutes - 1));
  minutes.push_back(of_one);
}

std::optional<int64_t> ConsumerRate::rate_milli() const {
  if (minutes.size() < kLeastMinutes) return std::nullopt;
  std::vector<int64_t> sorted = minutes;
  const size_t rank = (sorted.size() * 4 + 4) / 5;  // ceil(0.8 n)
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1), sorted.end());
  return std::max<int64_t>(sorted[rank - 1], 1);
}

}  // namespace headroom
