#include "policy/service_model.h"

#include <algorithm>
#include <cmath>

#include "policy/saturating.h"

namespace headroom {

double capacity_of_replica(const ServiceShape& shape, const LoadCurve& load) {
  const double capacity = load.quantile(shape.peak_quantile) / static_cast<double>(std::max<int64_t>(shape.peak_replicas, 1));
  return capacity > 0 ? capacity : 1;
}

int64_t replicas_for(double load, double capacity) {
  constexpr double kMost = 1e15;
  if (!(load > 0) || !(capacity > 0)) return 1;
  return std::max<int64_t>(static_cast<int64_t>(std::min(std::ceil(load / capacity), kMost)), 1);
}

ServiceModel::ServiceModel(const ServiceShape& shape, double capacity)
    : shape_(shape), capacity_(capacity), ready_(shape.first_replicas), desired_(shape.first_replicas) {}

// The utilisation of the ready replicas over the tick.
double ServiceModel::served(double load) {
  const auto tick_ms = static_cast<double>(shape_.tick_ms);
  const double can = static_cast<double>(ready_) * capacity_ * tick_ms;
  const double asked = waiting_ + load * tick_ms;
  waiting_ = std::max(asked - can, 0.0);
  const double utilisation = can > 0 ? asked / can : 1;
  return shape_.capped_utilisation ? std::min(utilisation, 1.0) : utilisation;
}

ElasticityTick ServiceModel::advance(int64_t time_ms, double load) {
  time_ms_ = time_ms;
  while (!starting_.empty() && starting_.front().ready_ms <= time_ms) {
    ready_ += starting_.front().replicas;
    starting_.pop_front();
  }
  measured_.push_back({time_ms, load, served(load), ready_});
  while (measured_.size() > 1 && saturating_sub(time_ms, measured_[1].time_ms) >= shape_.metric_delay_ms) measured_.pop_front();

  ElasticityTick tick;
  tick.demand = replicas_for(load, capacity_);
  tick.supply = ready_;
  tick.paid = desired_;
  tick.backlog_ms = ready_ > 0 ? waiting_ / (static_cast<double>(ready_) * capacity_) : 0;
  return tick;
}

ServiceView ServiceModel::view() const {
  if (measured_.empty()) return {};
  const Measured& seen = measured_.front();
  return {time_ms_, seen.time_ms, seen.load, seen.utilisation, seen.ready, ready_, desired_};
}

void ServiceModel::scale(int64_t desired) {
  desired = std::clamp<int64_t>(desired, 1, shape_.most_replicas);
  if (desired > desired_) starting_.push_back({saturating_add(time_ms_, shape_.start_up_ms), desired - desired_});
  int64_t leaving = desired_ - desired;
  while (leaving > 0 && !starting_.empty()) {
    const int64_t gone = std::min(leaving, starting_.back().replicas);
    starting_.back().replicas -= gone;
    leaving -= gone;
    if (starting_.back().replicas == 0) starting_.pop_back();
  }
  if (leaving > 0) ready_ -= leaving;
  desired_ = desired;
}

ElasticityScore score_service(const ServiceShape& shape, const LoadCurve& load, const std::function<int64_t(const ServiceView&)>& decide) {
  ServiceModel model(shape, capacity_of_replica(shape, load));
  ElasticityScore score;
  for (int64_t time_ms = load.start_ms; time_ms <= load.end_ms(); time_ms += shape.tick_ms) {
    ElasticityTick tick = model.advance(time_ms, load.at(time_ms));
    const ServiceView view = model.view();
    model.scale(decide(view));
    tick.acted = model.view().desired != view.desired;
    if (time_ms - load.start_ms >= shape.unscored_ms) score.add(tick);
  }
  return score;
}

}  // namespace headroom
