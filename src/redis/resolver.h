#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headroom/status.h"
#include "redis/redis_url.h"

namespace headroom {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// Turns a URL's place into addresses without blocking: sockets and numeric hosts at once, names in a thread of their own, because
// getaddrinfo may take the system's whole timeout. One lookup at a time; abandoning one is harmless.
class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void start(const RedisUrl& url);
  // none: still looking. kUnavailable: the name has no address just now.
  std::optional<Result<std::vector<SocketAddress>>> take();
  // Readable once take() has an answer; -1 when no lookup runs.
  int fd() const;

 private:
  struct Lookup;
  std::shared_ptr<Lookup> lookup_;
};

}  // namespace headroom
