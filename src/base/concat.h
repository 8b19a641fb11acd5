#pragma once

#include <string>
#include <string_view>

namespace headroom {

// The parts one after the other, with one allocation. (A chain of operator+ that begins with a literal trips a false -Wrestrict of g++ 12.)
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  out.reserve((std::string_view(parts).size() + ... + 0));
  (out.append(std::string_view(parts)), ...);
  return out;
}

}  // namespace headroom
