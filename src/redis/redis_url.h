#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "headroom/status.h"

namespace headroom {

// Where a Redis is: redis://host[:port][/db], rediss:// (TLS), unix:///path/to.sock[?db=N]. IPv6 hosts stand in brackets.
struct RedisUrl {
  bool tls = false;
  std::string host;  // empty for a unix socket
  uint16_t port = 6379;
  std::string socket_path;  // empty for TCP
  int db = 0;

  // For logs and /readyz: "host:port/db" or "path?db=N".
  std::string shown() const;
};

// kInvalid with one sentence. A user or password inside the URL is refused, and never repeated in the sentence: URLs end up in logs.
Result<RedisUrl> parse_redis_url(std::string_view url);

}  // namespace headroom
