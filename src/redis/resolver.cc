#include "redis/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

namespace headroom {

struct Resolver::Lookup {
  Lookup() : ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Lookup() {
    if (ready >= 0) close(ready);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  void answer(Result<std::vector<SocketAddress>> found) {
    const std::lock_guard lock(mutex);
    result = std::move(found);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(ready, &one, sizeof one);
  }

  std::mutex mutex;
  std::optional<Result<std::vector<SocketAddress>>> result;
  int ready;
};

namespace {

SocketAddress unix_address(const std::string& path) {
  SocketAddress out;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  std::memcpy(&out.storage, &address, sizeof address);
  out.length = sizeof address;
  return out;
}

Result<std::vector<SocketAddress>> look_up(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return Status(Code::kUnavailable, "cannot resolve " + host + ": " + gai_strerror(error));
  std::vector<SocketAddress> out;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    out.push_back(address);
  }
  freeaddrinfo(list);
  return out;
}

}  // namespace

Resolver::Resolver() = default;
Resolver::~Resolver() = default;

void Resolver::start(const RedisUrl& url) {
  lookup_ = std::make_shared<Lookup>();
  if (!url.socket_path.empty()) return lookup_->answer(std::vector{unix_address(url.socket_path)});
  if (auto numeric = look_up(url.host, url.port, AI_NUMERICHOST)) return lookup_->answer(std::move(numeric));
  try {
    std::thread([lookup = lookup_, host = url.host, port = url.port] { lookup->answer(look_up(host, port, 0)); }).detach();
  } catch (const std::system_error&) {
    lookup_->answer(Status(Code::kUnavailable, "cannot start a thread to resolve " + url.host));
  }
}

std::optional<Result<std::vector<SocketAddress>>> Resolver::take() {
  if (!lookup_) return std::nullopt;
  std::optional<Result<std::vector<SocketAddress>>> out;
  {
    const std::lock_guard lock(lookup_->mutex);
    if (!lookup_->result) return std::nullopt;
    out = std::move(lookup_->result);
  }
  lookup_.reset();
  return out;
}

int Resolver::fd() const {
  return lookup_ ? lookup_->ready : -1;
}

}  // namespace headroom
