#include "cli/demo_redis.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string_view>

#include "base/concat.h"

namespace headroom::demo {
namespace {

std::string socket_path(const std::string& folder) {
  return concat(folder, "/redis.sock");
}

bool answers(const std::string& path) {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const timeval timeout = {.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  constexpr std::string_view kPing = "PING\r\n";
  char answer[8] = {};
  const bool pong = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
                    send(fd, kPing.data(), kPing.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kPing.size()) &&
                    recv(fd, answer, sizeof answer - 1, 0) > 0 && std::string_view(answer).starts_with("+PONG");
  close(fd);
  return pong;
}

}  // namespace

std::string redis_url(const std::string& folder) {
  return concat("unix://", socket_path(folder));
}

Result<Child> start_redis(const std::string& folder) {
  const std::string path = socket_path(folder);
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return Status(Code::kInvalid,
                  concat("the path of the temporary folder is too long for a Unix socket: ", folder, "; set TMPDIR to a shorter one"));
  const std::string log = concat(folder, "/redis.log");
  auto redis = Child::start({{"redis-server", "--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--save", "", "--appendonly",
                              "no", "--dir", folder, "--maxmemory-policy", "noeviction", "--daemonize", "no"},
                             log});
  if (!redis && redis.status().code() == Code::kNotFound)
    return Status(Code::kNotFound, "the demo needs redis-server and there is none in PATH: apt-get install redis-server");
  if (!redis) return redis;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!answers(path)) {
    if (std::chrono::steady_clock::now() > deadline) return Status(Code::kTimeout, concat("redis-server does not answer; see ", log));
    if (redis->wait(20)) return Status(Code::kInternal, concat("redis-server ended at once; see ", log));
  }
  return redis;
}

}  // namespace headroom::demo
