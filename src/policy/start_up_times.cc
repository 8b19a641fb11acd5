#include "policy/start_up_times.h"

#include <algorithm>

#include "policy/saturating.h"

namespace headroom {

void StartUpTimes::command(int64_t time_ms, int64_t replicas, int64_t desired) {
  if (wanted > 0 && desired >= wanted) return;
  wanted = 0;
  if (desired <= replicas) return;
  wanted = desired;
  commanded_ms = time_ms;
}

void StartUpTimes::observe(int64_t time_ms, int64_t replicas) {
  if (wanted <= 0) return;
  const int64_t took_ms = std::max<int64_t>(saturating_sub(time_ms, commanded_ms), 0);
  if (replicas < wanted) {
    if (took_ms > kGiveUpMs) wanted = 0;
    return;
  }
  wanted = 0;
  if (took_ms > kGiveUpMs) return;
  if (times_ms.size() >= kMostTimes) times_ms.erase(times_ms.begin(), times_ms.end() - (kMostTimes - 1));
  times_ms.push_back(took_ms);
}

int64_t StartUpTimes::start_up_ms(int64_t configured_ms) const {
  if (times_ms.size() < kLeastTimes) return configured_ms;
  std::vector<int64_t> sorted = times_ms;
  std::sort(sorted.begin(), sorted.end());
  const size_t rank = (sorted.size() * 9 + 9) / 10;
  return sorted[rank - 1];
}

}  // namespace headroom
