#pragma once

#include <string>

#include "headroom/status.h"

namespace headroom {

// The body of a GET answered with 200, from a server on this machine ("127.0.0.1:9464"). kUnavailable: no connection or no whole answer in
// time; kInternal: another answer. Any thread; waits at most about `timeout_ms`.
Result<std::string> local_get(const std::string& address, const std::string& path, int timeout_ms);

}  // namespace headroom
