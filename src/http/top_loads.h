#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "headroom/forecast_report.h"

namespace headroom {

// What was decided on a target at a tick. `cause` is of static storage: a word that comes from code.
struct LoadDecision {
  std::string_view target;
  std::string_view metric;
  std::string_view cause;
  int64_t time_ms = 0;  // event time
  int64_t current = 0;
  int64_t desired = 0;
};

// Loads, what was forecast of them and how many replicas are wanted, as series for Prometheus: of the `top_k` targets with the most
// replicas; decisions and withheld forecasts are counted over all. Keeps a bounded number of targets, and forgets those not heard of for
// `forget_ms` of event time. Any thread; an update costs a hash and a look-up by it.
class TopLoads : public prometheus::Collectable {
 public:
  explicit TopLoads(size_t top_k, size_t candidates = 1024, int64_t forget_ms = 2 * 3'600'000);

  void update(const ForecastReport& report);
  void update(const LoadDecision& decision);
  // A sample that changed nothing; `reason` of static storage.
  void refused(std::string_view reason);
  // The targets of a lane that went elsewhere are told by its new owner: forgets everything but the counts.
  void clear();
  size_t candidate_count() const;

  // Families headroom_load, headroom_load_forecast, headroom_forecast_relative_error, headroom_forecast_coverage,
  // headroom_replicas_current, headroom_replicas_desired, headroom_forecasts_withheld_total, headroom_scale_decisions_total and
  // headroom_load_samples_refused_total.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Ahead {
    int64_t ms = 0;
    double point = 0;
    double q95 = 0;
  };
  // With texts of its own.
  struct Target {
    std::string target;
    std::string metric;
    int64_t time_ms = 0;
    double value = 0;
    std::vector<Ahead> ahead;
    double relative_error = 0;
    double coverage = 0;
    int64_t scored = 0;
    int64_t current = 0;
    int64_t desired = 0;
    bool decided = false;
  };
  using Counts = std::map<std::string_view, uint64_t>;

  Target& target_of(std::string_view target, std::string_view metric, int64_t time_ms);
  void make_room();
  std::vector<const Target*> top() const;

  const size_t top_k_;
  const size_t candidates_;
  const int64_t forget_ms_;
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Target> by_hash_;
  Counts withheld_;
  Counts decisions_;
  Counts refused_;
  int64_t newest_ms_ = INT64_MIN;
};

}  // namespace headroom
