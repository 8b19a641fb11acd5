#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace headroom {

// What an evaluation found of one container and resource.
struct WorkloadSize {
  std::string cluster;
  std::string namespace_name;
  std::string workload;  // kind/name
  std::string container;
  std::string host;
  std::string environment;
  std::string instance_type;
  std::string resource;  // "cpu" (cores) or "memory" (bytes)
  double reserved = 0;
  double lying_factor = 0;  // reserved - used
  double recommended = 0;
  int64_t time_ms = 0;  // event time of the evaluation
};

// The containers that lie most about what they need, as gauges for Prometheus: at most `top_k` of each resource, by the size of their lying
// factor either way. Keeps at most a few thousand candidates, and forgets those not seen for `forget_ms` of event time. Any thread; one
// update costs a hash look-up, so it may be called once an evaluation.
class TopWorkloads : public prometheus::Collectable {
 public:
  explicit TopWorkloads(size_t top_k, size_t candidates = 4096, int64_t forget_ms = 2 * 3'600'000);

  void update(WorkloadSize size);
  // The containers of a lane that went elsewhere are told by its new owner: forget everything known here.
  void clear();
  size_t candidate_count() const;

  // Families headroom_lying_factor, headroom_reserved_size, headroom_recommended_size, with the label `unit` as kube-state-metrics has it.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Ranking {
    std::unordered_map<std::string, WorkloadSize> by_name;
    double floor = 0;  // lying less than this, a new one is not among the candidates
  };
  static std::string name_of(const WorkloadSize& size);
  void prune(Ranking& ranking) const;
  void forget_old(Ranking& ranking) const;
  std::vector<const WorkloadSize*> top(const Ranking& ranking) const;

  const size_t top_k_;
  const size_t candidates_;
  const int64_t forget_ms_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Ranking> by_resource_;
  int64_t newest_ms_ = INT64_MIN;
};

}  // namespace headroom
