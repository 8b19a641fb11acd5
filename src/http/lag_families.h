#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/lane_identity.h"
#include "http/lag_gauges.h"
#include "http/lag_lane.h"

namespace headroom {

// What lag_watch judged, as gauges for Prometheus.
//
// Lag itself has the names and labels of kafka-lag-exporter (kafka_consumergroup_..., `cluster_name`), so that dashboards go on working; of
// those labels `member_host`, `consumer_id` and `client_id` are empty. What that exporter has not is called headroom_lag_... and labelled
// `cluster` and `group`; headroom_lag_group_info has both names of the cluster and the group's own labels, to join with either. Nothing is
// ever negative, infinite or NaN: what is not known has no series.
//
// Series of single partitions are those with the most lag and those of groups that are configured, series of groups are all, within limits.
// Whatever was told twice, as by two lanes while a group moves between them, is shown once, the later.
//
// take() and end_tick() are called on the threads of tasks and cost a look-up or two; Collect() copies what is shown and renders it without
// holding anybody up.
class LagFamilies : public prometheus::Collectable {
 public:
  // `wall_ms` is asked at each scrape, for the age of the last tick.
  LagFamilies(const LagSeriesLimits& limits, std::function<int64_t()> wall_ms);

  void take(const LaneIdentity& lane, const LagPartitionGauges& partition);
  void take(const LaneIdentity& lane, const LagGroupGauges& group);
  // After the group itself.
  void take(const LaneIdentity& lane, std::string_view cluster, std::string_view group, const LagScalingGauges& scaling);
  void forget_group(const LaneIdentity& lane, std::string_view cluster, std::string_view group);
  // What was told of the lane's partitions since the last tick is all that there is.
  void end_tick(const LaneIdentity& lane, int64_t time_ms, int64_t interval_ms);
  // `lane` as LaneIdentity::lane() has it. Its series vanish; a lane that is not known does nothing.
  void remove_lane(const std::string& lane);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::shared_ptr<LagLane> lane_of(const LaneIdentity& lane);

  const LagSeriesLimits limits_;
  const std::function<int64_t()> wall_ms_;
  mutable std::mutex mutex_;
  std::map<Partition, std::shared_ptr<LagLane>> lanes_;  // of one topology
  std::map<Partition, std::string> names_;
};

}  // namespace headroom
