#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "headroom/action.h"

namespace headroom {

// What an evaluation found of one container and resource. The views are needed only for the call that takes them.
struct WorkloadSize {
  std::string_view target;  // cluster/namespace/kind/name
  std::string_view container;
  std::string_view host;
  std::string_view environment;
  std::string_view instance_type;
  Resource resource = Resource::kCpu;  // cpu is told in cores, memory in bytes
  double reserved = 0;
  double lying_factor = 0;  // reserved - used
  double recommended = 0;
  int64_t time_ms = 0;  // event time of the evaluation
};

// The containers that lie most about what they need, as gauges for Prometheus: at most `top_k` of each resource, by the size of their lying
// factor either way. Keeps a bounded number of candidates, and forgets those not seen for `forget_ms` of event time. Any thread; an update
// costs a hash and a look-up by it and copies text only of a new candidate, so it may be called once an evaluation.
class TopWorkloads : public prometheus::Collectable {
 public:
  explicit TopWorkloads(size_t top_k, size_t candidates = 1024, int64_t forget_ms = 2 * 3'600'000);

  void update(const WorkloadSize& size);
  // The containers of a lane that went elsewhere are told by its new owner: forget everything known here.
  void clear();
  size_t candidate_count() const;

  // Families headroom_lying_factor, headroom_reserved_size, headroom_recommended_size, with the label `unit` as kube-state-metrics has it.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  // With texts of its own.
  struct Candidate {
    explicit Candidate(const WorkloadSize& size) : target(size.target), container(size.container) { take(size); }
    void take(const WorkloadSize& size);

    std::string target;
    std::string container;
    std::string host;
    std::string environment;
    std::string instance_type;
    double reserved = 0;
    double lying_factor = 0;
    double recommended = 0;
    int64_t time_ms = 0;
  };
  struct Ranking {
    // By a hash of target and container: two of one hash would share a line of a list that is only looked at.
    std::unordered_map<uint64_t, Candidate> by_hash;
    double floor = 0;  // lying less than this, a new one is not among the candidates
  };
  static prometheus::ClientMetric gauge_of(const Candidate& candidate, Resource resource, double value);
  static bool lies_more(const Candidate* a, const Candidate* b);
  void prune(Ranking& ranking) const;
  void forget_old(Ranking& ranking) const;
  std::vector<const Candidate*> top(const Ranking& ranking) const;

  const size_t top_k_;
  const size_t candidates_;
  const int64_t forget_ms_;
  mutable std::mutex mutex_;
  mutable std::array<Ranking, 2> by_resource_;
  int64_t newest_ms_ = INT64_MIN;
};

}  // namespace headroom
