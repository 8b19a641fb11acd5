#include "http/top_workloads.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/concat.h"
#include "base/hash.h"
#include "codec/target_parts.h"

namespace headroom {
namespace {

prometheus::MetricFamily family(const char* name, const char* help) {
  return {name, help, prometheus::MetricType::Gauge, {}};
}

}  // namespace

TopWorkloads::TopWorkloads(size_t top_k, size_t candidates, int64_t forget_ms)
    : top_k_(top_k), candidates_(std::max(candidates, top_k)), forget_ms_(forget_ms) {}

prometheus::ClientMetric TopWorkloads::gauge_of(const Candidate& candidate, Resource resource, double value) {
  const TargetParts parts = target_parts(candidate.target);
  prometheus::ClientMetric out;
  out.label = {{"cluster", std::string(parts.cluster)},
               {"namespace", std::string(parts.namespace_name)},
               {"workload", parts.kind.empty() ? std::string(parts.name) : concat(parts.kind, "/", parts.name)},
               {"container", candidate.container},
               {"host", candidate.host},
               {"environment", candidate.environment},
               {"instance_type", candidate.instance_type},
               {"resource", std::string(resource_name(resource))},
               {"unit", resource == Resource::kMemory ? "bytes" : "cores"}};
  out.gauge.value = value;
  return out;
}

bool TopWorkloads::lies_more(const Candidate* a, const Candidate* b) {
  const double left = std::abs(a->lying_factor);
  const double right = std::abs(b->lying_factor);
  if (left != right) return left > right;
  return std::tie(a->target, a->container) < std::tie(b->target, b->container);
}

void TopWorkloads::Candidate::take(const WorkloadSize& size) {
  host = size.host;
  environment = size.environment;
  instance_type = size.instance_type;
  reserved = size.reserved;
  lying_factor = size.lying_factor;
  recommended = size.recommended;
  time_ms = size.time_ms;
}

void TopWorkloads::update(const WorkloadSize& size) {
  const uint64_t hash = hash_bytes(size.container, hash_bytes(size.target));
  const std::lock_guard lock(mutex_);
  newest_ms_ = std::max(newest_ms_, size.time_ms);
  Ranking& ranking = by_resource_[static_cast<size_t>(size.resource)];
  const auto known = ranking.by_hash.find(hash);
  if (known != ranking.by_hash.end()) return known->second.take(size);
  if (std::abs(size.lying_factor) < ranking.floor) return;
  ranking.by_hash.emplace(hash, size);
  if (ranking.by_hash.size() > 2 * candidates_) prune(ranking);
}

void TopWorkloads::clear() {
  const std::lock_guard lock(mutex_);
  by_resource_ = {};
}

size_t TopWorkloads::candidate_count() const {
  const std::lock_guard lock(mutex_);
  size_t out = 0;
  for (const Ranking& ranking : by_resource_) out += ranking.by_hash.size();
  return out;
}

// Back to the number of candidates: seldom, because twice as many are let in between.
void TopWorkloads::prune(Ranking& ranking) const {
  forget_old(ranking);
  if (ranking.by_hash.size() <= candidates_) return;
  std::vector<double> sizes;
  sizes.reserve(ranking.by_hash.size());
  for (const auto& [hash, size] : ranking.by_hash) sizes.push_back(std::abs(size.lying_factor));
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(candidates_ - 1), sizes.end(), std::greater<>());
  ranking.floor = sizes[candidates_ - 1];
  size_t ties = 0;  // of equal ones only as many as fit
  for (const double size : sizes) ties += size > ranking.floor;
  ties = candidates_ - ties;
  std::erase_if(ranking.by_hash, [&](const auto& entry) {
    const double size = std::abs(entry.second.lying_factor);
    if (size != ranking.floor) return size < ranking.floor;
    if (ties == 0) return true;
    --ties;
    return false;
  });
}

void TopWorkloads::forget_old(Ranking& ranking) const {
  const int64_t oldest_ms = newest_ms_ - forget_ms_;
  std::erase_if(ranking.by_hash, [&](const auto& entry) { return entry.second.time_ms < oldest_ms; });
  if (ranking.by_hash.size() < candidates_) ranking.floor = 0;
}

std::vector<const TopWorkloads::Candidate*> TopWorkloads::top(const Ranking& ranking) const {
  std::vector<const Candidate*> out;
  out.reserve(ranking.by_hash.size());
  for (const auto& [hash, size] : ranking.by_hash) out.push_back(&size);
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
  for (const Resource resource : {Resource::kCpu, Resource::kMemory}) {
    Ranking& ranking = by_resource_[static_cast<size_t>(resource)];
    if (!ranking.by_hash.empty()) forget_old(ranking);
    for (const Candidate* candidate : top(ranking)) {
      out[0].metric.push_back(gauge_of(*candidate, resource, candidate->lying_factor));
      out[1].metric.push_back(gauge_of(*candidate, resource, candidate->reserved));
      out[2].metric.push_back(gauge_of(*candidate, resource, candidate->recommended));
    }
  }
  return out;
}

}  // namespace headroom
