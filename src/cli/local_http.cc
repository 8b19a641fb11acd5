#include "cli/local_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/concat.h"

namespace headroom {
namespace {

class Socket {
 public:
  Socket() : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd >= 0) close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  const int fd;
};

bool parse_address(const std::string& address, sockaddr_in& out) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  uint16_t port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  return port != 0 && inet_pton(AF_INET, address.substr(0, colon).c_str(), &out.sin_addr) == 1;
}

}  // namespace

Result<std::string> local_get(const std::string& address, const std::string& path, int timeout_ms) {
  sockaddr_in to = {};
  if (!parse_address(address, to)) return Status(Code::kInvalid, concat(address, " is no address and port"));
  const Socket socket;
  const timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const std::string request = concat("GET ", path, " HTTP/1.1\r\nHost: ", address, "\r\nConnection: close\r\n\r\n");
  const bool sent = connect(socket.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
                    send(socket.fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
  if (!sent) return Status(Code::kUnavailable, concat(address, " does not answer"));
  std::string answer;
  char buffer[16384];
  ssize_t size = 0;
  while ((size = recv(socket.fd, buffer, sizeof buffer, 0)) > 0) answer.append(buffer, static_cast<size_t>(size));
  const size_t body = answer.find("\r\n\r\n");
  if (size < 0 || body == std::string::npos) return Status(Code::kUnavailable, concat(address, " gave no whole answer"));
  if (answer.compare(0, 12, "HTTP/1.1 200") != 0)
    return Status(Code::kInternal, concat(address, path, ": ", answer.substr(0, answer.find('\r'))));
  return answer.substr(body + 4);
}

}  // namespace headroom
