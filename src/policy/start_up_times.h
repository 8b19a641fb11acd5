#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace headroom {

// How long replicas take to start: from a command that asks for more to `replicas` reaching what it asked for. The 90th percentile (nearest
// rank) of the last 20 such times; the configured one until five are known. A command that is taken back, or not reached within an hour,
// tells nothing. Plain data; a State may hold it. Calls come in the order of time. One thread.
struct StartUpTimes {
  static constexpr size_t kMostTimes = 20;
  static constexpr size_t kLeastTimes = 5;
  static constexpr int64_t kGiveUpMs = 3'600'000;

  std::vector<int64_t> times_ms;  // oldest first
  int64_t wanted = 0;             // replicas that a command waits for; 0: none does
  int64_t commanded_ms = 0;

  // A command for `desired` where `replicas` are. While one waits, a further one up tells nothing: the first is reached first.
  void command(int64_t time_ms, int64_t replicas, int64_t desired);
  void observe(int64_t time_ms, int64_t replicas);
  int64_t start_up_ms(int64_t configured_ms) const;

  auto fields() { return std::tie(times_ms, wanted, commanded_ms); }
};

}  // namespace headroom
