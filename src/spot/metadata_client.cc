#include "spot/metadata_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/concat.h"
#include "base/version.h"

namespace headroom {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;

namespace {

constexpr uint32_t kMostHeader = 16 << 10;

std::optional<tcp::endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  uint16_t port = 80;
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    text = text.substr(0, colon);
  }
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return tcp::endpoint(address, port);
}

Status failure(const error_code& error) {
  if (error == beast::error::timeout) return {Code::kTimeout, "the metadata service did not answer in time"};
  if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow)
    return {Code::kExhausted, "the answer of the metadata service is too large"};
  return {Code::kUnavailable, concat("the metadata service does not answer: ", error.message())};
}

// One request on its way. Lives while an operation of it is under way. The client's thread only.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& context, const std::string& host, const MetadataRequest& request)
      : stream_(context), request_(request.put ? http::verb::put : http::verb::get, request.target, 11) {
    request_.set(http::field::host, host);
    request_.set(http::field::user_agent, concat("headroom/", kVersion));
    request_.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers) request_.set(name, value);
    if (request.put) request_.content_length(0);
    parser_.header_limit(kMostHeader);
    parser_.body_limit(MetadataClient::kMostBody);
    // One limit for the connection, the request and the whole of the answer: it is not set anew in between.
    stream_.expires_after(std::chrono::milliseconds(request.timeout_ms));
  }

  void start(const tcp::endpoint& to) {
    stream_.async_connect(to, [self = shared_from_this()](error_code error) { error ? self->end(error) : self->write(); });
  }
  // Closed, not cancelled: that would miss an exchange between two operations, and its next one would wait its time out.
  void cancel() {
    cancelled_ = true;
    stream_.close();
  }
  Result<MetadataAnswer> take() { return std::move(result_); }

 private:
  void write() {
    http::async_write(stream_, request_,
                      [self = shared_from_this()](error_code error, size_t) { error ? self->end(error) : self->read(); });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](error_code error, size_t) { self->end(error); });
  }
  void end(const error_code& error) {
    if (cancelled_) {
      result_ = Status(Code::kAborted, "cancelled");
    } else if (error) {
      result_ = failure(error);
    } else {
      auto& answer = parser_.get();
      const auto flavor = answer["Metadata-Flavor"];
      result_ = MetadataAnswer{answer.result_int(), std::move(answer.body()), std::string(flavor.data(), flavor.size())};
    }
    stream_.close();
  }

  beast::tcp_stream stream_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_{MetadataClient::kMostBody + kMostHeader};
  http::response_parser<http::string_body> parser_;
  bool cancelled_ = false;
  Result<MetadataAnswer> result_ = Status(Code::kInternal, "not asked");
};

}  // namespace

struct MetadataClient::Connections {
  asio::io_context context{1};
  std::vector<std::shared_ptr<Exchange>> open;
};

MetadataClient::MetadataClient(std::string endpoint) : endpoint_(std::move(endpoint)), connections_(std::make_unique<Connections>()) {}
MetadataClient::~MetadataClient() = default;

Result<MetadataAnswer> MetadataClient::ask(const MetadataRequest& request) {
  return std::move(ask_all({&request, 1}).front());
}

std::vector<Result<MetadataAnswer>> MetadataClient::ask_all(std::span<const MetadataRequest> requests) {
  const auto all = [&](const Status& status) { return std::vector<Result<MetadataAnswer>>(requests.size(), status); };
  const auto to = parse_endpoint(endpoint_);
  if (!to) return all({Code::kInvalid, concat("not http://ADDRESS:PORT: ", endpoint_)});
  if (cancelled_) return all({Code::kAborted, "cancelled"});
  std::vector<Result<MetadataAnswer>> answers;
  try {
    const std::string host = endpoint_.substr(endpoint_.find("//") + 2);
    for (const auto& request : requests) connections_->open.push_back(std::make_shared<Exchange>(connections_->context, host, request));
    for (const auto& exchange : connections_->open) exchange->start(*to);
    connections_->context.restart();
    connections_->context.run();
    for (const auto& exchange : connections_->open) answers.push_back(exchange->take());
  } catch (const std::exception& error) {
    answers = all({Code::kInternal, error.what()});
  }
  connections_->open.clear();
  return answers;
}

void MetadataClient::cancel() {
  cancelled_ = true;
  // Runs within the run() under way or one about to begin, so none goes on that began before the flag was seen.
  asio::post(connections_->context, [this] {
    for (const auto& exchange : connections_->open) exchange->cancel();
  });
}

}  // namespace headroom
