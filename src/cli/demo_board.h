#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "cli/demo_fleet.h"
#include "cli/demo_workers.h"

namespace headroom::demo {

// What the demo shows while it runs.
struct Board {
  std::string headline;  // what happens at the moment
  double seconds = 0;    // since the fleet began
  int64_t time_ms = 0;   // event time
  double speed = 1;      // of event time
  FleetTotals before;    // when the fleet began
  FleetTotals now;
  const std::vector<Container>* containers = nullptr;
  std::vector<WorkerView> workers;
  uint64_t records = 0;
  uint64_t broken = 0;
  uint64_t commands = 0;
  uint64_t repeated = 0;
  uint64_t wrong = 0;               // doubled, or other than the oracle's
  std::deque<std::string> recent;   // commands, the newest first
  std::vector<std::string> footer;  // addresses and what else a person wants to copy
};

struct BoardStyle {
  int width = 80;  // columns and lines of the terminal
  int height = 24;
  bool colour = true;
  bool utf8 = true;
};

// The lines to show, at most `height`, none wider than `width`. Pure.
std::vector<std::string> draw_board(const Board& board, const BoardStyle& style);

// What fits into `width` columns of a line that may hold colours and UTF-8 of single-column characters; colours are ended behind a cut.
std::string clip(std::string_view line, int width);
// The columns that it takes.
int visible_width(std::string_view line);

// `used` of `reserved` as a bar of `width` columns that stand for `scale`.
std::string draw_bar(double used, double reserved, double scale, int width, const BoardStyle& style);

}  // namespace headroom::demo
