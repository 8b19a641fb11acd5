#include "policy/lag_trend.h"

#include <algorithm>

#include "policy/record_rate.h"

namespace headroom {
namespace {

// Lag beyond thirty years is as good as thirty years; so a slope fits into 64 bits.
constexpr int64_t kMostLagMs = 1'000'000'000'000;
constexpr int64_t kMicro = 1'000'000;

}  // namespace

void LagTrend::add(const Point& point, int64_t window_ms) {
  Point kept = point;
  kept.lag_ms = std::min(kept.lag_ms, kMostLagMs);
  const bool close = size_ >= 2 && points_[size_ - 1].time_ms - points_[size_ - 2].time_ms < window_ms / static_cast<int64_t>(kPoints);
  if (close) {
    points_[size_ - 1] = kept;
    return;
  }
  if (size_ == kPoints) {
    std::move(points_.begin() + 1, points_.end(), points_.begin());
    --size_;
  }
  points_[size_++] = kept;
}

std::optional<int64_t> LagTrend::lag_slope_micro(int64_t from_ms, int64_t least_span_ms) const {
  std::array<Point, kPoints> known;
  size_t size = 0;
  for (size_t i = 0; i < size_; ++i)
    if (points_[i].time_ms >= from_ms && points_[i].lag_ms != kUnknown) known[size++] = points_[i];
  if (size < 4 || known[size - 1].time_ms - known[0].time_ms < least_span_ms) return std::nullopt;
  std::array<int64_t, kPoints*(kPoints - 1) / 2> slopes;
  size_t count = 0;
  for (size_t i = 0; i < size; ++i)
    for (size_t j = i + 1; j < size; ++j)
      slopes[count++] = (known[j].lag_ms - known[i].lag_ms) * kMicro / (known[j].time_ms - known[i].time_ms);
  const auto middle = slopes.begin() + static_cast<ptrdiff_t>(count / 2);
  std::nth_element(slopes.begin(), middle, slopes.begin() + static_cast<ptrdiff_t>(count));
  return *middle;
}

std::optional<int64_t> LagTrend::consumed_milli(int64_t from_ms) const {
  if (size_ < 2) return std::nullopt;
  size_t first = 0;
  while (first + 2 < size_ && points_[first].time_ms < from_ms) ++first;
  const Point& last = points_[size_ - 1];
  return rate_milli(last.committed_offset - points_[first].committed_offset, last.time_ms - points_[first].time_ms);
}

// Differences from point to point: they take a byte or three where the whole would take six.
void LagTrend::save(ByteWriter& out) const {
  out.varint(size_);
  Point before;
  for (size_t i = 0; i < size_; ++i) {
    out.varint(static_cast<uint64_t>(points_[i].time_ms - before.time_ms));
    out.zigzag(points_[i].committed_offset - before.committed_offset);
    out.zigzag(points_[i].lag_ms - before.lag_ms);
    before = points_[i];
  }
}

bool LagTrend::load(ByteReader& in) {
  const uint64_t size = in.varint();
  if (size > kPoints) return false;
  Point point;
  for (size_ = 0; size_ < size; ++size_) {
    const uint64_t step_ms = in.varint();
    const int64_t records = in.zigzag();
    const int64_t lag_ms = in.zigzag();
    const bool fits = step_ms <= INT64_MAX && !__builtin_add_overflow(point.time_ms, static_cast<int64_t>(step_ms), &point.time_ms) &&
                      !__builtin_add_overflow(point.committed_offset, records, &point.committed_offset) &&
                      !__builtin_add_overflow(point.lag_ms, lag_ms, &point.lag_ms);
    const bool good = fits && (size_ == 0 || step_ms > 0) && point.time_ms <= INT64_MAX / 4 && point.committed_offset >= 0 &&
                      point.committed_offset <= INT64_MAX / 4 && point.lag_ms >= kUnknown && point.lag_ms <= kMostLagMs;
    if (!good || !in.ok()) return false;
    points_[size_] = point;
  }
  return true;
}

}  // namespace headroom
