#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>

namespace headroom {

// How often a group commits on a partition, learned from the last ten intervals between commits that changed the offset.
struct LagRhythm {
  static constexpr size_t kIntervals = 10;

  std::array<int64_t, kIntervals> intervals_ms{};
  uint32_t count = 0;  // ever added
  auto fields() { return std::tie(intervals_ms, count); }

  void add(int64_t interval_ms) {
    intervals_ms[count % kIntervals] = interval_ms;
    ++count;
    if (count == 2 * kIntervals) count = kIntervals;  // the same place in the ring, and few bytes
  }

  // Of an even number the mean of the middle two, rounded down; nothing before the first interval.
  std::optional<int64_t> median_ms() const {
    const size_t size = std::min<size_t>(count, kIntervals);
    if (size == 0) return std::nullopt;
    std::array<int64_t, kIntervals> sorted = intervals_ms;
    std::sort(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(size));
    return (sorted[(size - 1) / 2] + sorted[size / 2]) / 2;
  }
};

}  // namespace headroom
