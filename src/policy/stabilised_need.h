#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace headroom {

// What was needed at one tick.
struct NeedTick {
  int64_t time_ms = 0;
  int64_t out = 0;  // consumers to go up to
  int64_t in = 0;   // consumers to go down to: never below `out`
  int64_t lag_records = 0;
};

// What was needed of late, so that a count is changed only for a need that lasts, as the Kubernetes HPA does: up to the least of what was
// needed in the last `out` window, down to the most of what was needed in the last `in` window. Nothing is known of a window that reaches
// back before the first tick, or before a silence.
//
// Kept by minutes of event time: a minute counts with all its ticks as soon as one lies in the window. At most 62 minutes, so windows of an
// hour. Plain data; a State may hold it. Ticks come in the order of time. One thread.
struct StabilisedNeed {
  static constexpr size_t kMostMinutes = 62;
  static constexpr int64_t kMostWindowMs = 3'600'000;

  struct Minute {
    int64_t minute = 0;  // since the epoch
    int64_t least_out = 0;
    int64_t most_in = 0;
    int64_t most_lag = 0;  // records
    auto fields() { return std::tie(minute, least_out, most_in, most_lag); }
  };
  std::vector<Minute> minutes;      // ascending
  std::optional<int64_t> since_ms;  // the first tick since the last silence
  int64_t last_ms = 0;

  // A silence is more than `silence_ms` without a tick.
  void add(const NeedTick& tick, int64_t silence_ms);
  // As of the last tick; none when the window reaches back too far.
  std::optional<int64_t> least_out(int64_t window_ms) const;
  std::optional<int64_t> most_in(int64_t window_ms) const;
  // Whether the most lag of the last full minute and this one lies below that of the minute five minutes ago.
  bool lag_falls() const;

  auto fields() { return std::tie(minutes, since_ms, last_ms); }

 private:
  bool covers(int64_t window_ms) const;
};

}  // namespace headroom
