#pragma once

#include <string>

#include "cli/child.h"

namespace headroom::demo {

// A redis-server of our own, on a Unix socket within `folder`, that writes nothing to the disk. Answers when this returns.
// kNotFound: there is no redis-server. kTimeout: it did not answer within 10 s; its log is in the folder.
Result<Child> start_redis(const std::string& folder);
std::string redis_url(const std::string& folder);

}  // namespace headroom::demo
