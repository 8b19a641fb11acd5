#include "net/http_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>

#include "base/concat.h"
#include "base/version.h"

namespace headroom {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using beast::error_code;

namespace {

constexpr uint32_t kMostHeader = 16 << 10;
constexpr size_t kMostRead = 64 << 10;

using Addresses = tcp::resolver::results_type;

http::verb verb_of(HttpVerb verb) {
  if (verb == HttpVerb::kPut) return http::verb::put;
  return verb == HttpVerb::kPost ? http::verb::post : http::verb::get;
}

std::string target_of(const HttpUrl& url, const HttpRequest& request) {
  std::string target = concat(url.path, request.target);
  return target.empty() ? "/" : target;
}

Status failure(const error_code& error, const std::string& server) {
  if (error == beast::error::timeout) return {Code::kTimeout, concat(server, " did not answer in time")};
  if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow)
    return {Code::kExhausted, concat("the answer of ", server, " is too large")};
  return {Code::kUnavailable, concat(server, " does not answer: ", error.message())};
}

// One request on its way. Lives while an operation of it is under way. The client's thread only.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& context, ssl::context* tls, const HttpClientOptions& options, const HttpRequest& request)
      : options_(options),
        resolver_(context),
        stream_(context),
        request_(verb_of(request.verb), target_of(options.url, request), 11),
        buffer_(kMostRead + kMostHeader) {
    if (tls != nullptr) secure_.emplace(stream_, *tls);
    request_.set(http::field::host, options.url.host_field());
    request_.set(http::field::user_agent, concat("headroom/", kVersion));
    request_.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) request_.set(name, value);
    request_.body() = request.body;
    if (request.verb != HttpVerb::kGet) request_.content_length(request.body.size());
    parser_.header_limit(kMostHeader);
    parser_.body_limit(options.most_body_bytes);
    // One limit for the connection, the request and the whole of the answer: it is not set anew in between.
    stream_.expires_after(std::chrono::milliseconds(request.timeout_ms));
  }

  void start() {
    const std::string port = std::to_string(options_.url.port);
    error_code error;
    const auto address = asio::ip::make_address(options_.url.host, error);
    if (!error) return connect(Addresses::create(tcp::endpoint(address, options_.url.port), options_.url.host, port));
    resolver_.async_resolve(options_.url.host, port, [self = shared_from_this()](error_code failed, const Addresses& found) {
      failed || self->cancelled_ ? self->end(failed) : self->connect(found);
    });
  }
  // Closed, not cancelled: that would miss an exchange between two operations, and its next one would wait its time out.
  void cancel() {
    cancelled_ = true;
    resolver_.cancel();
    stream_.close();
  }
  Result<HttpAnswer> take() { return std::move(result_); }

 private:
  void connect(const Addresses& to) {
    stream_.async_connect(to, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
      if (error) return self->end(error);
      self->secure_ ? self->shake_hands() : self->write();
    });
  }
  void shake_hands() {
    const std::string& host = options_.url.host;
    // The name is sent for servers with several certificates; an address is no name.
    if (!options_.url.numeric()) SSL_set_tlsext_host_name(secure_->native_handle(), host.c_str());
    secure_->set_verify_callback(ssl::host_name_verification(host));
    secure_->async_handshake(ssl::stream_base::client, [self = shared_from_this()](error_code error) {
      if (!error) return self->write();
      const long verdict = SSL_get_verify_result(self->secure_->native_handle());
      if (verdict != X509_V_OK)
        self->refused_ = Status(
            Code::kDenied, concat("the certificate of ", self->options_.server, " is refused: ", X509_verify_cert_error_string(verdict)));
      self->end(error);
    });
  }
  void write() {
    auto written = [self = shared_from_this()](error_code error, size_t) { error ? self->end(error) : self->read(); };
    secure_ ? http::async_write(*secure_, request_, std::move(written)) : http::async_write(stream_, request_, std::move(written));
  }
  void read() {
    auto got = [self = shared_from_this()](error_code error, size_t) { self->end(error); };
    secure_ ? http::async_read(*secure_, buffer_, parser_, std::move(got)) : http::async_read(stream_, buffer_, parser_, std::move(got));
  }
  void end(const error_code& error) {
    if (cancelled_) {
      result_ = Status(Code::kAborted, "cancelled");
    } else if (error) {
      result_ = refused_ ? failure(error, options_.server) : refused_;
    } else {
      auto& answer = parser_.get();
      HttpAnswer made{answer.result_int(), std::move(answer.body()), {}};
      for (const auto& field : answer) made.headers.emplace_back(field.name_string(), field.value());
      result_ = std::move(made);
    }
    stream_.close();
  }

  const HttpClientOptions& options_;
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  std::optional<ssl::stream<beast::tcp_stream&>> secure_;
  http::request<http::string_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  bool cancelled_ = false;
  Status refused_;
  Result<HttpAnswer> result_ = Status(Code::kInternal, "not asked");
};

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (beast::iequals({known.data(), known.size()}, {name.data(), name.size()})) return value;
  return {};
}

struct HttpClient::Connections {
  asio::io_context context{1};
  std::optional<ssl::context> tls;
  std::vector<std::shared_ptr<Exchange>> open;
};

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)), connections_(std::make_unique<Connections>()) {}
HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::ask(const HttpRequest& request) {
  return std::move(ask_all({&request, 1}).front());
}

Status HttpClient::prepare() {
  if (!options_.url.tls || connections_->tls) return Status::ok();
  ssl::context made(ssl::context::tls_client);
  error_code error;
  SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_2_VERSION);
  made.set_verify_mode(ssl::verify_peer, error);
  if (!error) options_.ca_file.empty() ? made.set_default_verify_paths(error) : made.load_verify_file(options_.ca_file, error);
  if (error)
    return {Code::kInvalid, concat("the CA certificates ", options_.ca_file.empty() ? "of the system" : options_.ca_file,
                                   " cannot be read: ", error.message())};
  connections_->tls.emplace(std::move(made));
  return Status::ok();
}

std::vector<Result<HttpAnswer>> HttpClient::ask_all(std::span<const HttpRequest> requests) {
  const auto all = [&](const Status& status) { return std::vector<Result<HttpAnswer>>(requests.size(), status); };
  if (cancelled_) return all({Code::kAborted, "cancelled"});
  std::vector<Result<HttpAnswer>> answers;
  try {
    if (const Status ready = prepare(); !ready) return all(ready);
    ssl::context* tls = connections_->tls ? &*connections_->tls : nullptr;
    for (const auto& request : requests)
      connections_->open.push_back(std::make_shared<Exchange>(connections_->context, tls, options_, request));
    for (const auto& exchange : connections_->open) exchange->start();
    connections_->context.restart();
    connections_->context.run();
    for (const auto& exchange : connections_->open) answers.push_back(exchange->take());
  } catch (const std::exception& error) {
    answers = all({Code::kInternal, error.what()});
  }
  connections_->open.clear();
  return answers;
}

void HttpClient::cancel() {
  cancelled_ = true;
  // Runs within the run() under way or one about to begin, so none goes on that began before the flag was seen.
  asio::post(connections_->context, [this] {
    for (const auto& exchange : connections_->open) exchange->cancel();
  });
}

}  // namespace headroom
