#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom {

// One command in Redis' protocol, in three pieces so that a page is moved in and sent without a copy: head + body + tail.
struct Request {
  std::string head;
  std::string body;
  std::string tail;

  size_t size() const { return head.size() + body.size() + tail.size(); }
};

Request make_request(const std::vector<std::string_view>& arguments);
// SET key bytes PX lifetime_ms.
Request make_set(std::string_view key, std::string bytes, int64_t lifetime_ms);

}  // namespace headroom
