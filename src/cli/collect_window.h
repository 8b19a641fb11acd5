#pragma once

#include <cstdint>
#include <string_view>

#include "headroom/status.h"

// The times that `headroom collect` asks for: steps on a grid that begins at the epoch, so that every run and every batch has the same
// ones. Pure; any thread.
namespace headroom {

// Steps from `from_ms` to `to_ms`, both among them and both on the grid; none when `to_ms` is less.
struct CollectWindow {
  int64_t from_ms = 0;
  int64_t to_ms = -1;
  int64_t step_ms = 1;

  bool empty() const { return to_ms < from_ms; }
  int64_t points() const { return empty() ? 0 : (to_ms - from_ms) / step_ms + 1; }
  // Its first `points` steps, or all where it has no more.
  CollectWindow first(int64_t points) const;
};

// The steps of the grid within two moments.
CollectWindow window_of(int64_t from_ms, int64_t to_ms, int64_t step_ms);

// A moment as people give it: RFC 3339, Unix milliseconds, "now", or a duration back from now, as in 7d. kInvalid for anything else, and
// for what lies before 2000.
Result<int64_t> parse_moment(std::string_view text, int64_t now_ms);

}  // namespace headroom
