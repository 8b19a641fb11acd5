#include "http/lag_families.h"

#include <algorithm>
#include <string>
#include <utility>

#include "http/lag_series.h"

namespace headroom {

LagFamilies::LagFamilies(const LagSeriesLimits& limits, std::function<int64_t()> wall_ms) : limits_(limits), wall_ms_(std::move(wall_ms)) {}

std::shared_ptr<LagLane> LagFamilies::lane_of(const LaneIdentity& lane) {
  const std::lock_guard lock(mutex_);
  auto& found = lanes_[lane.partition];
  if (found == nullptr) {
    found = std::make_shared<LagLane>(limits_);
    names_[lane.partition] = lane.lane();
  }
  return found;
}

void LagFamilies::take(const LaneIdentity& lane, const LagPartitionGauges& partition) {
  lane_of(lane)->take(partition);
}

void LagFamilies::take(const LaneIdentity& lane, const LagGroupGauges& group) {
  lane_of(lane)->take(group);
}

void LagFamilies::take(const LaneIdentity& lane, std::string_view cluster, std::string_view group, const LagScalingGauges& scaling) {
  lane_of(lane)->take(cluster, group, scaling);
}

void LagFamilies::forget_group(const LaneIdentity& lane, std::string_view cluster, std::string_view group) {
  lane_of(lane)->forget(cluster, group);
}

void LagFamilies::end_tick(const LaneIdentity& lane, int64_t time_ms, int64_t interval_ms) {
  lane_of(lane)->end_tick(time_ms, interval_ms);
}

void LagFamilies::remove_lane(const std::string& lane) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(names_.begin(), names_.end(), [&](const auto& entry) { return entry.second == lane; });
  if (found == names_.end()) return;
  lanes_.erase(found->first);
  names_.erase(found);
}

std::vector<prometheus::MetricFamily> LagFamilies::Collect() const {
  std::vector<std::pair<std::string, std::shared_ptr<LagLane>>> lanes;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, lane] : lanes_) lanes.emplace_back(names_.at(partition), lane);
  }
  LagSeries series(limits_, wall_ms_());
  for (const auto& [name, lane] : lanes) series.add(name, lane->shown());
  return series.families();
}

}  // namespace headroom
