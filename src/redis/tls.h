#pragma once

#include <memory>
#include <optional>
#include <string>

#include "headroom/status.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace headroom {

struct TlsFiles {
  std::string ca_file;    // PEM; empty: the system's
  std::string cert_file;  // PEM, the client's chain; empty: none
  std::string key_file;   // PEM; empty: in cert_file
};

// Certificates and rules for connections: TLS 1.2 or newer, the server's certificate and its name are always verified.
class TlsContext {
 public:
  // kInvalid: a file cannot be read or does not fit.
  static Result<std::unique_ptr<TlsContext>> make(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
};

// The client's side of TLS over a connected, non-blocking socket, which it does not own. One thread. Never raises SIGPIPE.
class TlsSession {
 public:
  enum class Wait { kNone, kReadable, kWritable };

  // `host`: the name that the server's certificate must bear, also sent as SNI unless it is an address.
  static Result<std::unique_ptr<TlsSession>> make(const TlsContext& context, int fd, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // True when the handshake is done. kDenied: a certificate was refused.
  Result<bool> handshake();
  // Bytes moved; 0: would block (see wait()). kUnavailable: closed or broken.
  Result<size_t> read(char* bytes, size_t most);
  Result<size_t> write(const char* bytes, size_t count);
  Wait wait() const { return wait_; }

 private:
  explicit TlsSession(SSL* ssl) : ssl_(ssl) {}
  Status failure(int outcome, const char* what);
  SSL* ssl_;
  Wait wait_ = Wait::kNone;
};

}  // namespace headroom
