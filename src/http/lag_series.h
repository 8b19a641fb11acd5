#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "http/lag_lane.h"

namespace headroom {

// One scrape: puts together what the lanes show, each thing once and within the limits. One thread.
class LagSeries {
 public:
  LagSeries(const LagSeriesLimits& limits, int64_t now_ms) : limits_(limits), now_ms_(now_ms) {}

  void add(const std::string& lane, LagLaneShown shown);
  std::vector<prometheus::MetricFamily> families();

 private:
  // What one lane showed, with the tick that it was true at.
  struct Partition {
    int64_t tick_ms = 0;
    LagPartitionShown shown;
  };
  struct Topic {
    int64_t tick_ms = 0;
    LagTopicShown shown;
  };
  struct LaneTick {
    std::string lane;
    int64_t tick_ms = 0;
    int64_t interval_ms = 0;
  };
  using Names = std::tuple<std::string, std::string, std::string, int32_t>;

  void cut();
  void add_partitions(std::vector<prometheus::MetricFamily>& out) const;
  void add_log_ends(std::vector<prometheus::MetricFamily>& out) const;
  void add_topics(std::vector<prometheus::MetricFamily>& out) const;
  void add_groups(std::vector<prometheus::MetricFamily>& out) const;
  void add_scaling(std::vector<prometheus::MetricFamily>& out) const;
  void add_clusters(std::vector<prometheus::MetricFamily>& out) const;
  void add_lanes(std::vector<prometheus::MetricFamily>& out) const;

  const LagSeriesLimits limits_;
  const int64_t now_ms_;
  std::map<Names, Partition> partitions_by_name_;
  std::map<Names, Topic> topics_by_name_;
  std::map<Names, LagGroupShown> groups_by_name_;
  std::map<std::string, LagClusterShown> clusters_;
  std::vector<LaneTick> lanes_;
  uint64_t partitions_known_ = 0;
  // After cut().
  std::vector<LagPartitionShown> partitions_;
  std::vector<LagTopicShown> topics_;
  std::vector<LagGroupShown> groups_;
  std::map<Names, int64_t> most_records_;  // by cluster and group
  uint64_t left_out_partitions_ = 0;
  uint64_t left_out_topics_ = 0;
  uint64_t left_out_groups_ = 0;
};

}  // namespace headroom
