#include "http/top_workloads.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace headroom {
namespace {

prometheus::ClientMetric gauge_of(const WorkloadSize& size, double value) {
  prometheus::ClientMetric out;
  out.label = {{"cluster", size.cluster},
               {"namespace", size.namespace_name},
               {"workload", size.workload},
               {"container", size.container},
               {"host", size.host},
               {"environment", size.environment},
               {"instance_type", size.instance_type},
               {"resource", size.resource},
               {"unit", size.resource == "memory" ? "bytes" : "cores"}};
  out.gauge.value = value;
  return out;
}

prometheus::MetricFamily family(const char* name, const char* help) {
  return {name, help, prometheus::MetricType::Gauge, {}};
}

bool lies_more(const WorkloadSize* a, const WorkloadSize* b) {
  const double left = std::abs(a->lying_factor);
  const double right = std::abs(b->lying_factor);
  if (left != right) return left > right;
  return std::tie(a->workload, a->container) < std::tie(b->workload, b->container);
}

}  // namespace

TopWorkloads::TopWorkloads(size_t top_k, size_t candidates, int64_t forget_ms)
    : top_k_(top_k), candidates_(std::max(candidates, top_k)), forget_ms_(forget_ms) {}

std::string TopWorkloads::name_of(const WorkloadSize& size) {
  std::string out;
  for (const std::string* part : {&size.cluster, &size.namespace_name, &size.workload, &size.container}) out.append(*part).push_back('\0');
  return out;
}

void TopWorkloads::update(WorkloadSize size) {
  std::string name = name_of(size);
  const std::lock_guard lock(mutex_);
  newest_ms_ = std::max(newest_ms_, size.time_ms);
  Ranking& ranking = by_resource_[size.resource];
  const auto known = ranking.by_name.find(name);
  if (known != ranking.by_name.end()) {
    known->second = std::move(size);
    return;
  }
  if (std::abs(size.lying_factor) < ranking.floor) return;
  ranking.by_name.emplace(std::move(name), std::move(size));
  if (ranking.by_name.size() > 2 * candidates_) prune(ranking);
}

void TopWorkloads::clear() {
  const std::lock_guard lock(mutex_);
  by_resource_.clear();
}

size_t TopWorkloads::candidate_count() const {
  const std::lock_guard lock(mutex_);
  size_t out = 0;
  for (const auto& [resource, ranking] : by_resource_) out += ranking.by_name.size();
  return out;
}

// Back to the number of candidates: seldom, because twice as many are let in between.
void TopWorkloads::prune(Ranking& ranking) const {
  forget_old(ranking);
  if (ranking.by_name.size() <= candidates_) return;
  std::vector<double> sizes;
  sizes.reserve(ranking.by_name.size());
  for (const auto& [name, size] : ranking.by_name) sizes.push_back(std::abs(size.lying_factor));
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(candidates_ - 1), sizes.end(), std::greater<>());
  ranking.floor = sizes[candidates_ - 1];
  size_t ties = 0;  // of equal ones only as many as fit
  for (const double size : sizes) ties += size > ranking.floor;
  ties = candidates_ - ties;
  std::erase_if(ranking.by_name, [&](const auto& entry) {
    const double size = std::abs(entry.second.lying_factor);
    if (size != ranking.floor) return size < ranking.floor;
    if (ties == 0) return true;
    --ties;
    return false;
  });
}

void TopWorkloads::forget_old(Ranking& ranking) const {
  const int64_t oldest_ms = newest_ms_ - forget_ms_;
  std::erase_if(ranking.by_name, [&](const auto& entry) { return entry.second.time_ms < oldest_ms; });
  if (ranking.by_name.size() < candidates_) ranking.floor = 0;
}

std::vector<const WorkloadSize*> TopWorkloads::top(const Ranking& ranking) const {
  std::vector<const WorkloadSize*> out;
  out.reserve(ranking.by_name.size());
  for (const auto& [name, size] : ranking.by_name) out.push_back(&size);
  const size_t count = std::min(top_k_, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), lies_more);
  out.resize(count);
  return out;
}

std::vector<prometheus::MetricFamily> TopWorkloads::Collect() const {
  std::vector<prometheus::MetricFamily> out = {
      family("headroom_lying_factor", "Reserved minus used of the containers that lie most, in the unit named."),
      family("headroom_reserved_size", "What the containers that lie most reserve, in the unit named."),
      family("headroom_recommended_size", "What the containers that lie most should reserve, in the unit named.")};
  const std::lock_guard lock(mutex_);
  for (auto& [resource, ranking] : by_resource_) {
    if (!ranking.by_name.empty()) forget_old(ranking);
    for (const WorkloadSize* size : top(ranking)) {
      out[0].metric.push_back(gauge_of(*size, size->lying_factor));
      out[1].metric.push_back(gauge_of(*size, size->reserved));
      out[2].metric.push_back(gauge_of(*size, size->recommended));
    }
  }
  return out;
}

}  // namespace headroom
