#include "http/routes.h"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <exception>

#include "base/log.h"

namespace headroom {

void Routes::add_metrics(std::weak_ptr<prometheus::Collectable> collectable) {
  const std::lock_guard lock(mutex_);
  collectables_.push_back(std::move(collectable));
}

void Routes::add_json(const std::string& path, std::function<std::string()> json) {
  const std::lock_guard lock(mutex_);
  json_[path] = std::move(json);
}

void Routes::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  json_.erase(path);
}

void Routes::set_readiness(std::function<Readiness()> readiness) {
  const std::lock_guard lock(mutex_);
  readiness_ = std::move(readiness);
}

void Routes::set_liveness(std::function<std::string()> trouble) {
  const std::lock_guard lock(mutex_);
  liveness_ = std::move(trouble);
}

HttpAnswer Routes::answer(std::string_view target) const {
  const size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
  try {
    return dispatch(path, query);
  } catch (const std::exception& error) {
    log_error("A page could not be made", {{"path", path}, {"error", error.what()}});
    return {500, "text/plain; charset=utf-8", "this page could not be made; the log says why\n"};
  }
}

HttpAnswer Routes::dispatch(std::string_view path, std::string_view query) const {
  if (path == "/metrics") return metrics();
  if (path == "/readyz") return readyz(query == "verbose" || query.starts_with("verbose=") || query.starts_with("verbose&"));
  if (path == "/livez") return livez();
  std::function<std::string()> json;
  {
    const std::lock_guard lock(mutex_);
    const auto found = json_.find(path);
    if (found != json_.end()) json = found->second;
  }
  if (json) return {200, "application/json", json()};
  return {404, "text/plain; charset=utf-8", "there is no such page; try /metrics, /livez, /readyz, /api/v1/status\n"};
}

// Families of one name from several collectables become one, as the format demands; sorted, so that two scrapes can be compared.
HttpAnswer Routes::metrics() const {
  std::vector<std::shared_ptr<prometheus::Collectable>> alive;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& collectable : collectables_) {
      if (auto held = collectable.lock()) alive.push_back(std::move(held));
    }
  }
  std::map<std::string, prometheus::MetricFamily> families;
  for (const auto& collectable : alive) {
    for (prometheus::MetricFamily& family : collectable->Collect()) {
      auto [place, fresh] = families.try_emplace(family.name, family);
      if (!fresh) std::move(family.metric.begin(), family.metric.end(), std::back_inserter(place->second.metric));
    }
  }
  std::vector<prometheus::MetricFamily> sorted;
  for (auto& [name, family] : families) {
    if (!family.metric.empty()) sorted.push_back(std::move(family));
  }
  return {200, "text/plain; version=0.0.4; charset=utf-8", prometheus::TextSerializer().Serialize(sorted)};
}

HttpAnswer Routes::readyz(bool verbose) const {
  std::function<Readiness()> ask;
  {
    const std::lock_guard lock(mutex_);
    ask = readiness_;
  }
  const Readiness readiness = ask ? ask() : Readiness{{"starting"}, {}};
  HttpAnswer out;
  out.status = readiness.reasons.empty() ? 200 : 503;
  out.body = readiness.reasons.empty() ? "ready\n" : "not ready\n";
  for (const std::string& reason : readiness.reasons) out.body += "- " + reason + "\n";
  if (verbose) {
    for (const std::string& detail : readiness.details) out.body += "  " + detail + "\n";
  }
  return out;
}

HttpAnswer Routes::livez() const {
  std::function<std::string()> ask;
  {
    const std::lock_guard lock(mutex_);
    ask = liveness_;
  }
  const std::string trouble = ask ? ask() : "";
  HttpAnswer out;
  out.status = trouble.empty() ? 200 : 503;
  out.body = trouble.empty() ? "live\n" : trouble + "\n";
  return out;
}

}  // namespace headroom
