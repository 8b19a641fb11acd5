#include "http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "http/metrics.h"

namespace headroom {
namespace {

// A plain TCP client, so that broken requests can be made.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  bool send(const std::string& bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Until the server closes, or 15 s.
  std::string read_all() {
    std::string out;
    char part[4096];
    pollfd entry{fd_, POLLIN, 0};
    while (poll(&entry, 1, 15'000) == 1) {
      const ssize_t got = recv(fd_, part, sizeof part, 0);
      if (got <= 0) break;
      out.append(part, static_cast<size_t>(got));
    }
    return out;
  }
  // Until `count` bytes of `word` were seen.
  std::string read_until(const std::string& word) {
    std::string out;
    char part[4096];
    pollfd entry{fd_, POLLIN, 0};
    while (out.find(word) == std::string::npos && poll(&entry, 1, 15'000) == 1) {
      const ssize_t got = recv(fd_, part, sizeof part, 0);
      if (got <= 0) break;
      out.append(part, static_cast<size_t>(got));
    }
    return out;
  }

 private:
  int fd_;
  bool connected_ = false;
};

class Http : public testing::Test {
 protected:
  void start(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    server_ = std::make_unique<HttpServer>(options);
    const Status status = server_->start();
    ASSERT_TRUE(status.is_ok()) << status.to_string();
    ASSERT_NE(server_->port(), 0);
  }
  std::string ask(const std::string& method, const std::string& target) {
    Client client(server_->port());
    client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.read_all();
  }
  std::string get(const std::string& target) { return ask("GET", target); }

  std::unique_ptr<HttpServer> server_;
};

bool is_status(const std::string& answer, int status) {
  return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

TEST_F(Http, serves_metrics_in_prometheus_text) {
  start();
  WorkerMetrics metrics;
  metrics.fenced();
  server_->add_metrics(metrics.collectable());
  const std::string answer = get("/metrics");
  EXPECT_TRUE(is_status(answer, 200)) << answer;
  EXPECT_NE(answer.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\nheadroom_fenced_total 1\n"), std::string::npos);
}

TEST_F(Http, leaves_out_metrics_whose_owner_is_gone) {
  start();
  {
    WorkerMetrics metrics;
    server_->add_metrics(metrics.collectable());
  }
  const std::string answer = get("/metrics");
  EXPECT_TRUE(is_status(answer, 200));
  EXPECT_EQ(answer.find("headroom_"), std::string::npos);
}

TEST_F(Http, is_not_ready_until_told_and_says_why) {
  start();
  EXPECT_TRUE(is_status(get("/readyz"), 503));
  std::atomic<bool> away = true;
  server_->set_readiness([&] {
    return Readiness{away ? std::vector<std::string>{"Redis is away", "lane a/1 is loading"} : std::vector<std::string>{}, {"slot w-0"}};
  });
  const std::string answer = get("/readyz");
  EXPECT_TRUE(is_status(answer, 503));
  EXPECT_NE(answer.find("- Redis is away\n- lane a/1 is loading\n"), std::string::npos);
  EXPECT_EQ(answer.find("slot w-0"), std::string::npos);
  EXPECT_NE(get("/readyz?verbose").find("slot w-0"), std::string::npos);
  away = false;
  EXPECT_TRUE(is_status(get("/readyz"), 200));
}

TEST_F(Http, is_live_until_told_otherwise) {
  start();
  EXPECT_TRUE(is_status(get("/livez"), 200));
  server_->set_liveness([] { return "the loop of worker 0 has not turned for 60 s"; });
  const std::string answer = get("/livez");
  EXPECT_TRUE(is_status(answer, 503));
  EXPECT_NE(answer.find("worker 0"), std::string::npos);
}

TEST_F(Http, serves_added_json_with_any_query_until_it_is_removed) {
  start();
  server_->add_json("/api/v1/status", [] { return R"({"ok":true})"; });
  const std::string answer = get("/api/v1/status?x=1");
  EXPECT_TRUE(is_status(answer, 200));
  EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("{\"ok\":true}"));
  server_->remove("/api/v1/status");
  EXPECT_TRUE(is_status(get("/api/v1/status"), 404));
}

TEST_F(Http, answers_head_without_the_body) {
  start();
  const std::string answer = ask("HEAD", "/livez");
  EXPECT_TRUE(is_status(answer, 200)) << answer;
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(Http, refuses_other_methods_and_pages) {
  start();
  const std::string answer = ask("DELETE", "/metrics");
  EXPECT_TRUE(is_status(answer, 405));
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_TRUE(is_status(get("/"), 404));
  EXPECT_TRUE(is_status(get("/metricsx"), 404));
}

TEST_F(Http, refuses_what_is_not_http_and_what_is_too_large) {
  start();
  Client broken(server_->port());
  broken.send("\x16\x03\x01 nonsense\r\n\r\n");
  EXPECT_TRUE(is_status(broken.read_all(), 400));
  Client large(server_->port());
  large.send("GET /metrics HTTP/1.1\r\nHost: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(is_status(large.read_all(), 413));
}

TEST_F(Http, answers_several_requests_of_one_connection) {
  start();
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(is_status(client.read_until("live\n"), 200));
  }
}

TEST_F(Http, drops_a_request_that_does_not_arrive_in_time) {
  HttpOptions options;
  options.timeout_ms = 100;
  start(options);
  Client client(server_->port());
  client.send("GET /met");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(Http, serves_no_more_connections_than_allowed_and_others_again_when_one_ends) {
  HttpOptions options;
  options.max_connections = 2;
  start(options);
  auto first = std::make_unique<Client>(server_->port());
  Client second(server_->port());
  for (Client* client : {first.get(), &second}) {
    client->send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(is_status(client->read_until("live\n"), 200));
  }
  Client third(server_->port());
  third.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(third.read_all(), "");
  first.reset();
  bool served = false;
  for (int tries = 0; tries < 200 && !served; ++tries) served = is_status(get("/livez"), 200);
  EXPECT_TRUE(served);
}

TEST_F(Http, a_page_that_throws_is_an_error_of_that_page_only) {
  start();
  server_->add_json("/api/v1/status", []() -> std::string { throw std::runtime_error("broken"); });
  EXPECT_TRUE(is_status(get("/api/v1/status"), 500));
  EXPECT_TRUE(is_status(get("/livez"), 200));
}

TEST_F(Http, stops_while_connections_are_idle_or_asking) {
  start();
  Client idle(server_->port());
  idle.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(is_status(idle.read_until("live\n"), 200));
  Client asking(server_->port());
  asking.send("GET /liv");
  const auto start_time = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start_time, std::chrono::seconds(5));
  EXPECT_FALSE(Client(server_->port()).connected());
  EXPECT_EQ(idle.read_all(), "");
}

TEST_F(Http, is_asked_by_many_at_once_while_numbers_change) {
  start();
  WorkerMetrics metrics;
  server_->add_metrics(metrics.collectable());
  std::atomic<bool> ending = false;
  std::thread worker([&] {
    for (int i = 0; !ending; ++i) {
      metrics.set_lane("t/" + std::to_string(i % 7), {"live", "", 1, i, 0, 0, 1, 1, 1, 1});
      metrics.remove_lane("t/" + std::to_string((i + 3) % 7));
      metrics.commit("t", "committed", 0.004);
    }
  });
  std::vector<std::thread> scrapers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    scrapers.emplace_back([&] {
      for (int k = 0; k < 25; ++k) good += is_status(get("/metrics"), 200);
    });
  }
  for (std::thread& scraper : scrapers) scraper.join();
  ending = true;
  worker.join();
  EXPECT_EQ(good, 100);
}

TEST(HttpServer, says_what_is_wrong_with_an_address) {
  for (const char* listen : {"", "localhost", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:"}) {
    HttpOptions options;
    options.listen = listen;
    EXPECT_EQ(HttpServer(options).start().code(), Code::kInvalid) << listen;
  }
  HttpOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer first(options);
  ASSERT_TRUE(first.start().is_ok());
  options.listen = "127.0.0.1:" + std::to_string(first.port());
  const Status status = HttpServer(options).start();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find(options.listen), std::string::npos);
}

}  // namespace
}  // namespace headroom
