#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/http_server.h"

namespace headroom {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// What is answered to which path. Any thread; callbacks run in the caller's, outside the lock. Never throws.
class Routes {
 public:
  void add_metrics(std::weak_ptr<prometheus::Collectable> collectable);
  void add_json(const std::string& path, std::function<std::string()> json);
  void remove(const std::string& path);
  void set_readiness(std::function<Readiness()> readiness);
  void set_liveness(std::function<std::string()> trouble);

  // `target`: path and query as they came.
  HttpAnswer answer(std::string_view target) const;

 private:
  HttpAnswer dispatch(std::string_view path, std::string_view query) const;
  HttpAnswer metrics() const;
  HttpAnswer readyz(bool verbose) const;
  HttpAnswer livez() const;

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<prometheus::Collectable>> collectables_;
  std::map<std::string, std::function<std::string()>, std::less<>> json_;
  std::function<Readiness()> readiness_;
  std::function<std::string()> liveness_;
};

}  // namespace headroom
