#include "policy/stabilised_need.h"

#include <algorithm>

#include "policy/quantity.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
// Back to the minute that the lag is compared with: commits come in bursts of up to some minutes.
constexpr int64_t kFallMinutes = 5;

}  // namespace

void StabilisedNeed::add(const NeedTick& tick, int64_t silence_ms) {
  if (since_ms && saturating_sub(tick.time_ms, last_ms) > silence_ms) *this = StabilisedNeed();
  if (!since_ms) since_ms = tick.time_ms;
  last_ms = tick.time_ms;
  const int64_t of_tick = floor_div(tick.time_ms, kMinuteMs);
  if (minutes.empty() || minutes.back().minute != of_tick) {
    if (minutes.size() >= kMostMinutes) minutes.erase(minutes.begin(), minutes.end() - (kMostMinutes - 1));
    minutes.push_back({of_tick, tick.out, tick.in, tick.lag_records});
    return;
  }
  Minute& now = minutes.back();
  now.least_out = std::min(now.least_out, tick.out);
  now.most_in = std::max(now.most_in, tick.in);
  now.most_lag = std::max(now.most_lag, tick.lag_records);
}

bool StabilisedNeed::covers(int64_t window_ms) const {
  return since_ms && saturating_sub(last_ms, *since_ms) >= window_ms;
}

std::optional<int64_t> StabilisedNeed::least_out(int64_t window_ms) const {
  if (!covers(window_ms) || minutes.empty()) return std::nullopt;
  const int64_t first = floor_div(saturating_sub(last_ms, window_ms), kMinuteMs);
  int64_t least = minutes.back().least_out;
  for (const Minute& minute : minutes) {
    if (minute.minute >= first) least = std::min(least, minute.least_out);
  }
  return least;
}

std::optional<int64_t> StabilisedNeed::most_in(int64_t window_ms) const {
  if (!covers(window_ms) || minutes.empty()) return std::nullopt;
  const int64_t first = floor_div(saturating_sub(last_ms, window_ms), kMinuteMs);
  int64_t most = minutes.back().most_in;
  for (const Minute& minute : minutes) {
    if (minute.minute >= first) most = std::max(most, minute.most_in);
  }
  return most;
}

bool StabilisedNeed::lag_falls() const {
  if (minutes.empty()) return false;
  const int64_t now = minutes.back().minute;
  std::optional<int64_t> before;
  int64_t late = minutes.back().most_lag;
  for (const Minute& minute : minutes) {
    if (saturating_sub(now, minute.minute) == kFallMinutes) before = minute.most_lag;
    if (saturating_sub(now, minute.minute) == 1) late = std::max(late, minute.most_lag);
  }
  return before && late < *before;
}

}  // namespace headroom
