#include "redis/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace headroom {
namespace {

std::string last_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE; this one does not.
int bio_fd(BIO* bio) {
  return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send(bio_fd(bio), bytes, static_cast<size_t>(count), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* bytes, int most) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = recv(bio_fd(bio), bytes, static_cast<size_t>(most), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* quiet_socket() {
  static const BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

bool is_address(const std::string& host) {
  in6_addr scratch;
  return inet_pton(AF_INET, host.c_str(), &scratch) == 1 || inet_pton(AF_INET6, host.c_str(), &scratch) == 1;
}

Status load(SSL_CTX* context, const TlsFiles& files) {
  const auto invalid = [](const std::string& what) { return Status(Code::kInvalid, what + ": " + last_error()); };
  if (files.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return invalid("the system's CA certificates cannot be read");
  } else if (SSL_CTX_load_verify_locations(context, files.ca_file.c_str(), nullptr) != 1) {
    return invalid("redis.ca_file " + files.ca_file + " cannot be read");
  }
  if (files.cert_file.empty()) {
    if (!files.key_file.empty()) return {Code::kInvalid, "redis.key_file is given without redis.cert_file"};
    return Status::ok();
  }
  const std::string& key = files.key_file.empty() ? files.cert_file : files.key_file;
  if (SSL_CTX_use_certificate_chain_file(context, files.cert_file.c_str()) != 1)
    return invalid("redis.cert_file " + files.cert_file + " cannot be read");
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return invalid("the private key " + key + " cannot be read");
  if (SSL_CTX_check_private_key(context) != 1) return invalid("the private key " + key + " does not belong to the certificate");
  return Status::ok();
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::make(const TlsFiles& files) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return Status(Code::kInternal, "TLS is not available: " + last_error());
  std::unique_ptr<TlsContext> out(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (Status status = load(context, files); !status) return status;
  return out;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsContext& context, int fd, const std::string& host) {
  SSL* ssl = SSL_new(context.get());
  if (ssl == nullptr) return Status(Code::kInternal, "TLS: " + last_error());
  std::unique_ptr<TlsSession> out(new TlsSession(ssl));
  BIO* bio = BIO_new(quiet_socket());
  if (bio == nullptr) return Status(Code::kInternal, "TLS: " + last_error());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  const bool named = is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1
                                      : SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
  if (!named) return Status(Code::kInvalid, "TLS: the host name " + host + " cannot be verified");
  return out;
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

Status TlsSession::failure(int outcome, const char* what) {
  const int error = SSL_get_error(ssl_, outcome);
  wait_ = error == SSL_ERROR_WANT_READ ? Wait::kReadable : error == SSL_ERROR_WANT_WRITE ? Wait::kWritable : Wait::kNone;
  if (wait_ != Wait::kNone) return Status::ok();
  const long verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return {Code::kDenied, std::string("TLS: the server's certificate is refused: ") + X509_verify_cert_error_string(verdict)};
  }
  if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL) {
    ERR_clear_error();
    return {Code::kUnavailable, std::string("TLS: the server closed the connection ") + what};
  }
  return {Code::kUnavailable, std::string("TLS failed ") + what + ": " + last_error()};
}

Result<bool> TlsSession::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_);
  if (outcome == 1) {
    wait_ = Wait::kNone;
    return true;
  }
  if (Status status = failure(outcome, "during the handshake"); !status) return status;
  return false;
}

Result<size_t> TlsSession::read(char* bytes, size_t most) {
  ERR_clear_error();
  const int got = SSL_read(ssl_, bytes, static_cast<int>(std::min<size_t>(most, INT_MAX)));
  if (got > 0) return static_cast<size_t>(got);
  if (Status status = failure(got, "while reading"); !status) return status;
  return size_t{0};
}

Result<size_t> TlsSession::write(const char* bytes, size_t count) {
  ERR_clear_error();
  const int sent = SSL_write(ssl_, bytes, static_cast<int>(std::min<size_t>(count, INT_MAX)));
  if (sent > 0) return static_cast<size_t>(sent);
  if (Status status = failure(sent, "while writing"); !status) return status;
  return size_t{0};
}

}  // namespace headroom
