#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "headroom/bytes.h"

namespace headroom {

// How lag and committed offset went, looked at only when a commit was seen. Between commits lag rises by a second a second whatever the
// group does; right after them it is comparable. At most ten points, thinned so that they reach over the caller's window.
class LagTrend {
 public:
  static constexpr size_t kPoints = 10;
  static constexpr int64_t kUnknown = -1;

  struct Point {
    int64_t time_ms = 0;
    int64_t committed_offset = 0;
    int64_t lag_ms = kUnknown;
  };

  // Times rise. Points less than a tenth of `window_ms` apart make way for the newest.
  void add(const Point& point, int64_t window_ms);
  void clear() { size_ = 0; }

  // In millionths (of a second a second): the median of the slopes between all pairs of points from `from_ms` on whose lag is known
  // (Theil, "A rank-invariant method of linear and polynomial regression analysis", 1950), so that one far-off stamp moves nothing. Nothing
  // from fewer than four points or when they reach over less than `least_span_ms`.
  std::optional<int64_t> lag_slope_micro(int64_t from_ms, int64_t least_span_ms) const;

  // Thousandths of a record a second from the first point at or after `from_ms` (or the last but one, where that is older) to the last:
  // whole commit intervals. Nothing from fewer than two points or when the offset fell.
  std::optional<int64_t> consumed_milli(int64_t from_ms) const;

  // The newest; null when there is none.
  const Point* newest() const { return size_ == 0 ? nullptr : &points_[size_ - 1]; }

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  std::array<Point, kPoints> points_{};  // oldest first
  size_t size_ = 0;
};

}  // namespace headroom
