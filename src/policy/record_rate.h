#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>

namespace headroom {

// Thousandths of a record a second, rounded down; nothing when records fell or no time passed. A rate beyond 1e15 records a second is 1e15.
inline std::optional<int64_t> rate_milli(int64_t records, int64_t span_ms) {
  constexpr int64_t kMostMilli = 1'000'000'000'000'000'000;
  if (records < 0 || span_ms <= 0) return std::nullopt;
  __extension__ using Wide = __int128;
  return static_cast<int64_t>(std::min<Wide>(static_cast<Wide>(records) * 1'000'000 / span_ms, kMostMilli));
}

// How fast an offset rises, over between half a window and a whole one. Times rise; an offset that falls begins anew.
struct RecordRate {
  int64_t older_ms = 0;  // 0: none
  int64_t older_offset = 0;
  int64_t newer_ms = 0;
  int64_t newer_offset = 0;
  int64_t last_ms = 0;
  int64_t last_offset = 0;
  auto fields() { return std::tie(older_ms, older_offset, newer_ms, newer_offset, last_ms, last_offset); }

  void add(int64_t time_ms, int64_t offset, int64_t window_ms) {
    if (older_ms == 0 || offset < last_offset) {
      older_ms = newer_ms = last_ms = time_ms;
      older_offset = newer_offset = last_offset = offset;
      return;
    }
    if (time_ms - newer_ms >= window_ms / 2) {
      older_ms = newer_ms, older_offset = newer_offset;
      newer_ms = time_ms, newer_offset = offset;
    }
    last_ms = time_ms, last_offset = offset;
  }

  // Nothing before two offsets are known.
  std::optional<int64_t> milli() const { return rate_milli(last_offset - older_offset, last_ms - older_ms); }
};

}  // namespace headroom
