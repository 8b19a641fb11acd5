#pragma once

#include <algorithm>
#include <cstdint>

namespace headroom {

// Bounded exponential back-off with jitter: delays grow from `first_ms` by doubling to `most_ms`, each drawn from its upper half.
class Backoff {
 public:
  Backoff(int64_t first_ms, int64_t most_ms, uint64_t seed)
      : first_ms_(first_ms), most_ms_(most_ms), next_ms_(first_ms), random_(seed | 1) {}

  int64_t next_ms() {
    const int64_t delay = next_ms_;
    next_ms_ = std::min(next_ms_ * 2, most_ms_);
    random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
    return delay - static_cast<int64_t>(random_ % static_cast<uint64_t>(delay / 2 + 1));
  }
  void reset() { next_ms_ = first_ms_; }

 private:
  int64_t first_ms_;
  int64_t most_ms_;
  int64_t next_ms_;
  uint64_t random_;
};

}  // namespace headroom
