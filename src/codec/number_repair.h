#pragma once

#include <string>
#include <string_view>

namespace headroom::codec {

// What stands in a repaired text for a number that no double can hold. Out of every metric's range, so no good sample has it.
inline constexpr double kStandsForNotFinite = 1.7976931348623157e308;

// simdjson refuses a whole text for one number that fits neither into 64 bits nor into a double. Writes the text to `out` with such numbers
// put in a form that simdjson reads: integers beyond 64 bits as the double nearest to them, what overflows a double and the words NaN,
// Infinity and -Infinity as kStandsForNotFinite with their sign. False when there was nothing to repair; then the text is no JSON for
// another reason.
bool repair_numbers(std::string_view text, std::string& out);

}  // namespace headroom::codec
