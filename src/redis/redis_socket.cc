#include "redis/redis_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace headroom {
namespace {

Status unavailable(const char* what, int error) {
  return {Code::kUnavailable, std::string(what) + ": " + std::strerror(error)};
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

RedisSocket::~RedisSocket() {
  tls_.reset();
  if (fd_ >= 0) close(fd_);
}

Status RedisSocket::start(const SocketAddress& address, const TlsContext* tls, std::string host) {
  tls_context_ = tls;
  host_ = std::move(host);
  fd_ = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return unavailable("no socket", errno);
  if (address.storage.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) return Status::ok();
  if (errno == EINPROGRESS) return Status::ok();
  return unavailable("cannot connect", errno);
}

Result<bool> RedisSocket::advance() {
  if (open_) return true;
  if (!tls_) {
    pollfd entry{fd_, POLLOUT, 0};
    if (::poll(&entry, 1, 0) <= 0) return false;
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return unavailable("cannot connect", error);
    if (tls_context_ == nullptr) return open_ = true;
    auto session = TlsSession::make(*tls_context_, fd_, host_);
    if (!session) return session.status();
    tls_ = std::move(*session);
  }
  auto done = tls_->handshake();
  if (done && *done) open_ = true;
  return done;
}

Result<size_t> RedisSocket::read(char* bytes, size_t most) {
  if (tls_) return tls_->read(bytes, most);
  const ssize_t got = recv(fd_, bytes, most, 0);
  if (got > 0) return static_cast<size_t>(got);
  if (got == 0) return Status(Code::kUnavailable, "the server closed the connection");
  if (would_block(errno)) return size_t{0};
  return unavailable("reading failed", errno);
}

Result<size_t> RedisSocket::write(std::span<const std::string_view> pieces) {
  if (tls_) return pieces.empty() ? Result<size_t>(size_t{0}) : tls_->write(pieces[0].data(), pieces[0].size());
  std::array<iovec, 64> vectors;
  const size_t count = std::min(pieces.size(), vectors.size());
  for (size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  msghdr header{};
  header.msg_iov = vectors.data();
  header.msg_iovlen = count;
  const ssize_t sent = sendmsg(fd_, &header, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (would_block(errno)) return size_t{0};
  return unavailable("writing failed", errno);
}

short RedisSocket::events(bool sending) const {
  if (!open_) {
    if (!tls_) return POLLOUT;
    return tls_->wait() == TlsSession::Wait::kWritable ? POLLOUT : POLLIN;
  }
  return static_cast<short>(POLLIN | (sending ? POLLOUT : 0));
}

}  // namespace headroom
