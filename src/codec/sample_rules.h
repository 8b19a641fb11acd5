#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "codec/metric_table.h"
#include "headroom/codec.h"

// What both ways of decoding hold a sample against.
namespace headroom::codec {

inline constexpr int64_t kEarliestMs = 946'684'800'000;    // 2000-01-01T00:00:00Z
inline constexpr int64_t kLatestMs = 253'370'764'799'999;  // the end of the year 9998: expiries still have four digits

// The latest time that a sample of a record with this timestamp may have.
inline int64_t latest_time_ms(int64_t timestamp_ms, int64_t max_ahead_ms) {
  int64_t latest = 0;
  if (timestamp_ms < 0 || __builtin_add_overflow(timestamp_ms, max_ahead_ms, &latest)) return kLatestMs;
  return std::min(latest, kLatestMs);
}

// The reason against a time; empty when there is none.
inline std::string_view time_problem(int64_t time_ms, int64_t latest_ms) {
  if (time_ms < kEarliestMs) return reject_reason::kTimeBefore2000;
  if (time_ms > latest_ms) return reject_reason::kTimeAhead;
  return {};
}

inline bool is_reservation(Metric metric) {
  return metric == Metric::kCpuReservedCores || metric == Metric::kMemoryReservedBytes || metric == Metric::kGpuReserved;
}

// The reason against a finite value; empty when there is none.
inline std::string_view value_problem(Metric metric, double value) {
  const MetricLimits& limits = known_limits(metric);
  if (value >= limits.least && value <= limits.most) return {};
  return value < 0 && is_reservation(metric) ? reject_reason::kNegativeReservation : reject_reason::kValueOutOfRange;
}

inline bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace headroom::codec
