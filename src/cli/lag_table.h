#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/lag_board.h"

namespace headroom {

enum class LagSort { kVerdict, kSeconds, kRecords };

// Which rows of a table, in which order.
struct LagChoice {
  std::string group = {};  // patterns (policy/name_pattern.h); empty: all
  std::string topic = {};
  LagSort sort = LagSort::kVerdict;  // the worst, the most seconds or the most records first
  size_t limit = 0;                  // rows at most; 0: all
};

// Whether a name is the pattern or fits it; an empty pattern takes all.
bool fits_name(const std::string& pattern, const std::string& name);

// Pure. Equal rows stand in the order of their names. `left_out` gets how many fit and are beyond the limit.
std::vector<LagRow> choose(std::vector<LagRow> rows, const LagChoice& choice, size_t* left_out = nullptr);

// The lines of a table: its head, then one a row. A column `cluster` only when there are several. With `colour` verdicts are coloured by
// how bad they are. What is not known is "-"; a verdict that was there at the first tick that
// was seen stands for longer than it says and has ">" before its time; a lag in seconds that is not exact to a second has "~" before it.
std::vector<std::string> table_lines(const std::vector<LagRow>& rows, bool colour);

// One line above it: how many groups there are in which state at what time; `now_ms` tells whether the source is silent.
std::string table_title(const std::vector<LagRow>& rows, int64_t tick_ms);
// Empty unless the last tick is older than 3 intervals.
std::string silence_warning(int64_t tick_ms, int64_t interval_ms, int64_t now_ms);

// A row as one JSON object on one line; null for what is not known.
std::string row_json(const LagRow& row);

// Cells of tables, for people: "1.5s", "35s", "2m15s", "3h4m", "2d3h"; "0.3", "120.5", "4200".
std::string lag_duration(int64_t duration_ms);
std::string lag_rate(int64_t milli);
std::string_view lag_quality_name(LagQuality quality);
// For a terminal: control characters become "?".
std::string printable(std::string_view text);

}  // namespace headroom
