#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "headroom/bytes.h"

namespace headroom {

enum class MovingKind : uint8_t { kMax, kMin, kMean };

// The largest, the smallest or the mean of the results of one series in a window that moves with their times.
//
// Results that come 4 s apart or more are each kept with their own time, so the window (time - window, time] is exact at the usual ticks of
// 5 s. Of faster ones, those that share a slot of 4 s (time / 4 s) are kept as one: with the time of the last and the largest (smallest;
// for the mean: the last) of their values. At most window / 4 s + 1 are kept, and of extremes only those that may still become the result.
// Values are 0 to kMost. One thread.
class MovingResults {
 public:
  static constexpr int64_t kSlotMs = 4000;
  static constexpr int64_t kMost = int64_t{1} << 50;
  static constexpr size_t kMostEntries = 1000;  // that load() takes; an hour has 901

  // Takes a result and gives that of the window which ends with it; the mean rounded down. A time before the last one counts as the last
  // one's. `window_ms` is at most an hour.
  int64_t add(MovingKind kind, int64_t window_ms, int64_t time_ms, int64_t value);
  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }

  // About four bytes a result that is kept, where ticks are regular and values move by minutes.
  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  struct Entry {
    int64_t time_ms;
    int64_t value;
  };
  std::vector<Entry> entries_;  // by time; of extremes, each one worse than what comes after
};

}  // namespace headroom
