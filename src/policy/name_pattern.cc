#include "policy/name_pattern.h"

#include <algorithm>
#include <cstddef>

namespace headroom {

bool name_fits(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t resumed = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resumed = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resumed;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool name_passes(std::span<const std::string> allow, std::span<const std::string> deny, std::string_view name) {
  const auto fits = [name](const std::string& pattern) { return name_fits(pattern, name); };
  return std::any_of(allow.begin(), allow.end(), fits) && std::none_of(deny.begin(), deny.end(), fits);
}

}  // namespace headroom
