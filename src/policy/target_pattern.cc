#include "policy/target_pattern.h"

#include <cstddef>

namespace headroom {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

// Where to go on from when what follows a star does not fit: one more character goes to the star.
struct Retry {
  size_t pattern = kNowhere;
  size_t target = 0;
};

}  // namespace

bool target_fits(std::string_view pattern, std::string_view target) {
  Retry single;
  Retry deep;
  size_t p = 0;
  size_t t = 0;
  while (t < target.size() || p < pattern.size()) {
    if (pattern.substr(p, 2) == "**") {
      p += 2;
      deep = {p, t};
      single = {};
      continue;
    }
    if (p < pattern.size() && pattern[p] == '*') {
      single = {++p, t};
      continue;
    }
    if (p < pattern.size() && t < target.size() && (pattern[p] == target[t] || (pattern[p] == '?' && target[t] != '/'))) {
      ++p, ++t;
      continue;
    }
    if (single.pattern != kNowhere && single.target < target.size() && target[single.target] != '/') {
      p = single.pattern, t = ++single.target;
      continue;
    }
    if (deep.pattern == kNowhere || deep.target >= target.size()) return false;
    p = deep.pattern, t = ++deep.target;
    single = {};
  }
  return true;
}

}  // namespace headroom
