#include "cli/host_name.h"

#include <unistd.h>

#include <array>

namespace headroom {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "headroom";
  return name.data();
}

}  // namespace headroom
