#include "http/http_session.h"

namespace headroom {

namespace beast = boost::beast;
namespace http = boost::beast::http;

HttpSession::HttpSession(boost::asio::ip::tcp::socket socket, const Routes& routes, std::chrono::milliseconds timeout)
    : stream_(std::move(socket)), routes_(routes), timeout_(timeout) {}

void HttpSession::finish() {
  finishing_ = true;
  if (answering_) {
    stream_.expires_after(std::chrono::seconds(1));
  } else {
    close();
  }
}

void HttpSession::read() {
  parser_.emplace();
  parser_->header_limit(kMaxRequest);
  parser_->body_limit(kMaxRequest);
  stream_.expires_after(timeout_);
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, size_t) { self->on_read(error); });
}

void HttpSession::on_read(beast::error_code error) {
  if (!error) return answer();
  if (error == http::error::end_of_stream || error.category() != beast::error_code(http::error::bad_method).category()) return close();
  const bool large = error == http::error::header_limit || error == http::error::body_limit || error == http::error::buffer_overflow;
  send({large ? 413U : 400U, "text/plain; charset=utf-8", large ? "the request is too large\n" : "this is not HTTP\n"}, false, false);
}

void HttpSession::answer() {
  const auto& request = parser_->get();
  const bool keep_alive = request.keep_alive() && !finishing_;
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return send({405, "text/plain; charset=utf-8", "only GET and HEAD\n"}, false, keep_alive);
  }
  send(routes_.answer({request.target().data(), request.target().size()}), request.method() == http::verb::head, keep_alive);
}

void HttpSession::send(HttpAnswer answer, bool head_only, bool keep_alive) {
  answering_ = true;
  auto response = std::make_shared<http::response<http::string_body>>(static_cast<http::status>(answer.status), 11);
  response->set(http::field::content_type, answer.content_type);
  response->set(http::field::cache_control, "no-store");
  if (answer.status == 405) response->set(http::field::allow, "GET, HEAD");
  response->keep_alive(keep_alive);
  response->content_length(answer.body.size());
  if (!head_only) response->body() = std::move(answer.body);
  response_ = response;
  stream_.expires_after(timeout_);
  http::async_write(stream_, *response, [self = shared_from_this(), keep_alive](beast::error_code error, size_t) {
    self->response_.reset();
    self->answering_ = false;
    if (error || !keep_alive || self->finishing_) return self->close();
    self->read();
  });
}

void HttpSession::close() {
  beast::error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

}  // namespace headroom
