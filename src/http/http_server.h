#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "headroom/status.h"

namespace prometheus {
class Collectable;
}

namespace headroom {

struct HttpOptions {
  std::string listen = "127.0.0.1:9464";  // host:port; port 0 takes a free one, an empty host is every interface
  size_t max_connections = 64;
  int timeout_ms = 10'000;  // for one request to arrive, or one answer to leave
};

// Why this process is not ready; ready when there is no reason. `details` are shown by /readyz?verbose.
struct Readiness {
  std::vector<std::string> reasons;
  std::vector<std::string> details;
};

// One port for people and machines: GET and HEAD of
//   /metrics     Prometheus text of all collectables
//   /livez       200, or 503 with the reason
//   /readyz      200, or 503 with a reason a line; ?verbose adds details
//   /api/...     JSON of what was added
// Runs in a thread of its own; callbacks run there, so what they read must be safe to read from it. A callback that throws gives 500.
// Nothing here throws. Any thread may call any function.
class HttpServer {
 public:
  explicit HttpServer(HttpOptions options);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void add_metrics(std::weak_ptr<prometheus::Collectable> collectable);
  // GET `path` answers 200 with the text, which must be JSON. A path added again is replaced.
  void add_json(const std::string& path, std::function<std::string()> json);
  void remove(const std::string& path);
  void set_readiness(std::function<Readiness()> readiness);
  // The reason why this process should be killed; empty while it lives.
  void set_liveness(std::function<std::string()> trouble);

  // kInvalid: the address is not host:port. kUnavailable: it cannot be listened on.
  Status start();
  // The port listened on; 0 before start().
  uint16_t port() const;
  // Closes the door, lets answers under way leave for at most a second.
  void stop();

 private:
  struct Server;
  std::shared_ptr<Server> server_;
};

}  // namespace headroom
