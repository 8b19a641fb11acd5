#include "kit/metadata_stand_in.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <sstream>
#include <thread>

namespace headroom::kit {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

// One connection, one question. Lives while something of it is under way; one that never answers waits for the other side to give up.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const MetadataStandIn::Reply& reply)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), reply_(reply) {}

  void read() {
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](error_code error, size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    StandInRequest request{std::string(request_.method_string()), std::string(request_.target()), {}, request_.body()};
    for (const auto& field : request_) {
      std::string name(field.name_string());
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = std::string(field.value());
    }
    const StandInAnswer answer = reply_(request);
    if (answer.never) return wait();
    http::response<http::empty_body> response(static_cast<http::status>(answer.status), 11);
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.content_length(answer.body.size());
    std::ostringstream text;
    text << response.base();
    out_ = text.str();
    drip_ms_ = answer.drip_ms;
    (drip_ms_ > 0 ? dripping_ : out_) += answer.body;
    send();
  }

  void send() {
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code error, size_t) {
      if (error || self->at_ == self->dripping_.size()) return;
      self->out_ = self->dripping_.substr(self->at_++, 1);
      self->timer_.expires_after(std::chrono::milliseconds(self->drip_ms_));
      self->timer_.async_wait([self](error_code) { self->send(); });
    });
  }

  void wait() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code) {});
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const MetadataStandIn::Reply& reply_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::string out_;
  std::string dripping_;
  size_t at_ = 0;
  int drip_ms_ = 0;
};

}  // namespace

struct MetadataStandIn::Server {
  explicit Server(Reply given) : reply(std::move(given)), acceptor(context, {asio::ip::address_v4::loopback(), 0}) {}

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return;
      std::make_shared<Connection>(std::move(socket), reply)->read();
      accept();
    });
  }

  const Reply reply;
  asio::io_context context{1};
  tcp::acceptor acceptor;
  std::thread thread;
};

MetadataStandIn::MetadataStandIn(Reply reply) : server_(std::make_unique<Server>(std::move(reply))) {
  server_->accept();
  server_->thread = std::thread([this] { server_->context.run(); });
}

MetadataStandIn::~MetadataStandIn() {
  server_->context.stop();
  server_->thread.join();
}

std::string MetadataStandIn::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(server_->acceptor.local_endpoint().port());
}

}  // namespace headroom::kit
