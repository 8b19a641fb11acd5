#include "policy/capacity_estimator.h"

#include <algorithm>
#include <cmath>

#include "policy/quantity.h"

namespace headroom {
namespace {

constexpr double kMostLoad = 1e150;
constexpr double kFarAway = 10;

double at_share(const std::vector<double>& sorted, size_t quarters) {
  return sorted[(sorted.size() - 1) * quarters / 4];
}

}  // namespace

void CapacityEstimator::add(const CapacitySample& sample) {
  const int64_t of_sample = floor_div(sample.time_ms, kBlockMs);
  if (of_sample != block) {
    close();
    block = of_sample;
  }
  const bool tells = sample.utilisation >= kLeastUtilisation && sample.utilisation <= kMostUtilisation;
  if (!tells || sample.replicas <= 0 || !(sample.load > 0) || !(sample.load < kMostLoad)) return;
  ++samples;
  load_sum += sample.load;
  busy_sum += static_cast<double>(sample.replicas) * sample.utilisation;
}

void CapacityEstimator::close() {
  const double capacity = busy_sum > 0 ? load_sum / busy_sum : 0;
  const bool enough = samples >= kLeastSamples && capacity > 0 && std::isfinite(capacity);
  samples = 0;
  load_sum = busy_sum = 0;
  if (!enough) return;
  const auto known = estimate();
  const bool far = known && (capacity > known->capacity * kFarAway || capacity * kFarAway < known->capacity);
  if (far && known->blocks >= kLeastBlocks) return;
  if (blocks.size() >= kMostBlocks) blocks.erase(blocks.begin(), blocks.end() - (kMostBlocks - 1));
  blocks.push_back(capacity);
}

std::optional<CapacityEstimate> CapacityEstimator::estimate() const {
  std::vector<double> sorted;
  for (const double one : blocks) {
    if (one > 0 && one < kMostLoad) sorted.push_back(one);
  }
  if (sorted.empty()) return std::nullopt;
  std::sort(sorted.begin(), sorted.end());
  CapacityEstimate estimate;
  estimate.capacity = at_share(sorted, 2);
  estimate.spread = (at_share(sorted, 3) - at_share(sorted, 1)) / 2 / estimate.capacity;
  estimate.blocks = static_cast<int64_t>(sorted.size());
  estimate.sure = estimate.blocks >= kLeastBlocks && estimate.spread <= kMostSpread;
  return estimate;
}

}  // namespace headroom
