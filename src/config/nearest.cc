#include "config/nearest.h"

#include <algorithm>
#include <vector>

namespace headroom {

size_t edit_distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> before(width), last(width), row(width);
  for (size_t j = 0; j < width; ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j < width; ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> names) {
  // What is longer than any name could be meant for none; this also bounds the work on hostile input.
  if (written.size() > 100) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, written.size() / 3) + 1;
  for (const auto name : names) {
    const size_t distance = edit_distance(written, name);
    if (distance < best_distance && distance < name.size()) best = name, best_distance = distance;
  }
  return best;
}

}  // namespace headroom
