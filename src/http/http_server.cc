#include "http/http_server.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/concat.h"
#include "base/log.h"
#include "http/http_session.h"
#include "http/routes.h"

namespace headroom {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct HttpServer::Server {
  explicit Server(HttpOptions given) : options(std::move(given)) {}

  Status listen();
  void accept();
  void admit(tcp::socket socket);
  void finish();
  void run();

  const HttpOptions options;
  Routes routes;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::list<std::weak_ptr<HttpSession>> sessions;
  std::atomic<uint16_t> port = 0;
  std::mutex thread_mutex;
  std::thread thread;
};

namespace {

Status invalid_address(const std::string& listen) {
  return {Code::kInvalid, "http.listen must be host:port, as in 127.0.0.1:9464, and is '" + listen + "'"};
}

struct HostPort {
  std::string host;
  std::string port;
};

Result<HostPort> parse_listen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return invalid_address(listen);
  HostPort out{listen.substr(0, colon), listen.substr(colon + 1)};
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(out.port.data(), out.port.data() + out.port.size(), port);
  if (error != std::errc() || end != out.port.data() + out.port.size()) return invalid_address(listen);
  if (out.host.size() > 1 && out.host.front() == '[' && out.host.back() == ']') out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) out.host = "0.0.0.0";
  return out;
}

}  // namespace

Status HttpServer::Server::listen() {
  const auto address = parse_listen(options.listen);
  if (!address) return address.status();
  const auto fail = [this](const error_code& error) {
    return Status(Code::kUnavailable, "cannot listen on " + options.listen + ": " + error.message());
  };
  error_code error;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(address->host, address->port, tcp::resolver::passive, error);
  if (error) return fail(error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  if (acceptor.open(endpoint.protocol(), error); error) return fail(error);
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error); error) return fail(error);
  if (acceptor.bind(endpoint, error); error) return fail(error);
  if (acceptor.listen(asio::socket_base::max_listen_connections, error); error) return fail(error);
  port = acceptor.local_endpoint(error).port();
  return Status::ok();
}

void HttpServer::Server::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      admit(std::move(socket));
      return accept();
    }
    // Out of file descriptors or the like: a moment's pause instead of a busy loop.
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](error_code) {
      if (acceptor.is_open()) accept();
    });
  });
}

void HttpServer::Server::admit(tcp::socket socket) {
  sessions.remove_if([](const auto& session) { return session.expired(); });
  if (sessions.size() >= options.max_connections) return;  // the socket closes as it goes
  auto session = std::make_shared<HttpSession>(std::move(socket), routes, std::chrono::milliseconds(options.timeout_ms));
  sessions.push_back(session);
  session->start();
}

void HttpServer::Server::finish() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (const auto& held : sessions) {
    if (const auto session = held.lock()) session->finish();
  }
}

void HttpServer::Server::run() {
  while (true) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      log_error("The HTTP server met an error; it goes on", {{"error", error.what()}});
    }
  }
}

HttpServer::HttpServer(HttpOptions options) : server_(std::make_shared<Server>(std::move(options))) {}
HttpServer::~HttpServer() {
  stop();
}

void HttpServer::add_metrics(std::weak_ptr<prometheus::Collectable> collectable) {
  server_->routes.add_metrics(std::move(collectable));
}
void HttpServer::add_json(const std::string& path, std::function<std::string()> json) {
  server_->routes.add_json(path, std::move(json));
}
void HttpServer::remove(const std::string& path) {
  server_->routes.remove(path);
}
void HttpServer::set_readiness(std::function<Readiness()> readiness) {
  server_->routes.set_readiness(std::move(readiness));
}
void HttpServer::set_liveness(std::function<std::string()> trouble) {
  server_->routes.set_liveness(std::move(trouble));
}
uint16_t HttpServer::port() const {
  return server_->port;
}

Status HttpServer::start() {
  const std::lock_guard lock(server_->thread_mutex);
  if (Status status = server_->listen(); !status) return status;
  server_->accept();
  try {
    server_->thread = std::thread([server = server_.get()] { server->run(); });
  } catch (const std::system_error& error) {
    return {Code::kInternal, std::string("no thread for the HTTP server: ") + error.what()};
  }
  const std::string& listen = server_->options.listen;
  log_info("serving metrics", {{"address", concat(listen.substr(0, listen.rfind(':')), ":", std::to_string(port()))}});
  return Status::ok();
}

void HttpServer::stop() {
  const std::lock_guard lock(server_->thread_mutex);
  if (!server_->thread.joinable()) return;
  asio::post(server_->context, [server = server_.get()] { server->finish(); });
  server_->thread.join();
}

}  // namespace headroom
