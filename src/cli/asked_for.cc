#include "cli/asked_for.h"

#include <map>

#include "base/concat.h"

namespace headroom {

std::string difference(const AskedFor& found, const AskedFor& asked) {
  std::map<std::string, std::string> before(found.begin(), found.end());
  for (const auto& [name, value] : asked) {
    const auto was = before.find(name);
    if (was == before.end()) return concat(name, " is new: ", value);
    if (was->second != value) return concat(name, " was ", was->second, " and is ", value);
    before.erase(was);
  }
  return before.empty() ? std::string() : concat(before.begin()->first, " was ", before.begin()->second, " and is absent");
}

}  // namespace headroom
