#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "http/routes.h"

namespace headroom {

// One connection: requests one after the other, each within the time given. Lives while an operation of it is under way. The server's
// thread only.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, const Routes& routes, std::chrono::milliseconds timeout);
  void start() { read(); }
  // Ends at once when waiting for a request, after the answer when one is under way.
  void finish();

 private:
  void read();
  void on_read(boost::beast::error_code error);
  void answer();
  void send(HttpAnswer answer, bool head_only, bool keep_alive);
  void close();

  static constexpr size_t kMaxRequest = 8 << 10;

  boost::beast::tcp_stream stream_;
  const Routes& routes_;
  const std::chrono::milliseconds timeout_;
  boost::beast::flat_buffer buffer_{kMaxRequest};
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::shared_ptr<void> response_;  // kept while it is written
  bool answering_ = false;
  bool finishing_ = false;
};

}  // namespace headroom
