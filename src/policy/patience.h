#pragma once

#include <cstdint>
#include <tuple>

namespace headroom {

// The way a size should go.
enum class Direction : int8_t { kShrink = -1, kNone = 0, kGrow = 1 };

// How many evaluations in a row have agreed. Pure data; one thread.
struct Patience {
  uint32_t agreed = 0;
  Direction direction = Direction::kNone;

  // Counts one evaluation; true when `needed` in a row agree on a direction. A turn counts as the first of the new direction.
  bool agree(Direction with, uint32_t needed) {
    if (with != direction) agreed = 0;
    direction = with;
    if (with == Direction::kNone) return false;
    if (agreed < needed) ++agreed;
    return agreed >= needed;
  }
  void start_anew() { *this = Patience(); }
  auto fields() { return std::tie(agreed, direction); }
};

}  // namespace headroom
