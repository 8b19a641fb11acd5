#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

// The fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b);

// The name closest to what was written; empty when none is close enough (a third of its length, at least 2) to be what was meant.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> names);

}  // namespace headroom
