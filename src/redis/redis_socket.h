#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "headroom/status.h"
#include "redis/resolver.h"
#include "redis/tls.h"

namespace headroom {

// A non-blocking stream to a server: TCP, unix socket, or TLS over TCP. One thread. Failures are kUnavailable, or kDenied where TLS
// refuses.
class RedisSocket {
 public:
  RedisSocket() = default;
  ~RedisSocket();
  RedisSocket(const RedisSocket&) = delete;
  RedisSocket& operator=(const RedisSocket&) = delete;

  // `tls`: null for a plain connection; else must outlive this. `host` is what the certificate must name.
  Status start(const SocketAddress& address, const TlsContext* tls, std::string host);
  // Goes on with connecting: true once bytes can be sent.
  Result<bool> advance();
  // Bytes moved; 0: would block.
  Result<size_t> read(char* bytes, size_t most);
  Result<size_t> write(std::span<const std::string_view> pieces);

  int fd() const { return fd_; }
  // poll(2) events to wait for; `sending`: there is something to write.
  short events(bool sending) const;

 private:
  int fd_ = -1;
  bool open_ = false;
  const TlsContext* tls_context_ = nullptr;
  std::string host_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace headroom
