#pragma once

#include <string>

namespace headroom {

// This machine's name; "headroom" where it has none.
std::string host_name();

}  // namespace headroom
