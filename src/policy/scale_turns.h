#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "policy/patience.h"
#include "policy/saturating.h"

namespace headroom {

// Changes of direction: at most six within any 24 hours, and never one down that would leave none for going up again. The first command of
// all changes nothing. Plain data; a State may hold it. One thread.
struct ScaleTurns {
  static constexpr size_t kMostTurns = 6;
  static constexpr int64_t kDayMs = 86'400'000;

  Direction last = Direction::kNone;
  std::vector<int64_t> turns;  // their times, ascending, the last six

  bool allow(Direction direction, int64_t time_ms) const {
    if (last == Direction::kNone || direction == last) return true;
    const auto of_day =
        std::count_if(turns.begin(), turns.end(), [time_ms](int64_t turn) { return saturating_sub(time_ms, turn) < kDayMs; });
    const size_t wanted = direction == Direction::kShrink ? 2 : 1;
    return static_cast<size_t>(of_day) + wanted <= kMostTurns;
  }
  void spend(Direction direction, int64_t time_ms) {
    if (last != Direction::kNone && direction != last) {
      if (turns.size() >= kMostTurns) turns.erase(turns.begin(), turns.end() - (kMostTurns - 1));
      turns.push_back(time_ms);
    }
    last = direction;
  }
  auto fields() { return std::tie(last, turns); }
};

}  // namespace headroom
