#include "cli/lag_metrics.h"

#include <algorithm>
#include <utility>

#include "policy/name_pattern.h"

namespace headroom {
namespace {

LagPartitionGauges partition_gauges(const LagStanding& s) {
  LagPartitionGauges out;
  out.cluster = s.cluster;
  out.group = s.group;
  out.topic = s.topic;
  out.partition = s.partition;
  out.quality = s.quality;
  if (s.fresh) out.poll_ms = std::max<int64_t>(0, s.time_ms - s.sample_ms);
  out.committed_offset = s.committed_offset;
  out.log_start_offset = s.log_start_offset;
  out.end_offset = s.end_offset;
  out.lag_records = s.lag_records;
  out.lag_ms = s.lag_ms;
  return out;
}

LagGroupGauges group_gauges(const LagGroupStanding& s) {
  LagGroupGauges out;
  out.cluster = s.cluster;
  out.group = s.group;
  out.labels = s.labels;
  out.verdict = verdict_name(s.verdict);
  out.severity = static_cast<int>(s.verdict);
  out.time_ms = s.time_ms;
  out.lag_records = s.lag_records;
  out.max_lag_ms = s.max_lag_ms;
  out.produced_milli = s.produced_milli;
  out.consumed_milli = s.consumed_milli;
  out.catch_up_ms = s.catch_up_ms;
  out.loss_ms = s.loss_ms;
  out.lost_records = s.lost_records;
  return out;
}

LagScalingGauges scaling_gauges(const ScaleAssessment& s) {
  LagScalingGauges out;
  out.outcome = scale_outcome_name(s.outcome);
  if (s.members_known()) out.consumers = s.current;
  if (s.load_known()) out.max_useful = s.max_useful;
  if (!s.need_known()) return out;
  out.needed = s.needed;
  out.rate_of_one_milli = s.rate_of_one_milli;
  return out;
}

}  // namespace

LagObservers lag_metrics_observers(LagFamilies& families, std::vector<std::string> whole_groups) {
  LagObservers observers;
  observers.partition = [&families, whole = std::move(whole_groups)](const LaneIdentity& lane, const LagStanding& s) {
    if (s.kind == StandingKind::kEndOfTick) return families.end_tick(lane, s.time_ms, s.interval_ms);
    if (s.kind == StandingKind::kForgotten) return families.forget_group(lane, s.forgotten.cluster, s.forgotten.group);
    if (s.kind != StandingKind::kPartition) return;
    LagPartitionGauges gauges = partition_gauges(s);
    gauges.always = std::any_of(whole.begin(), whole.end(), [&](const auto& pattern) { return name_fits(pattern, s.group); });
    families.take(lane, gauges);
  };
  observers.group = [&families](const LaneIdentity& lane, const LagGroupStanding& s) {
    if (s.forgotten) return families.forget_group(lane, s.cluster, s.group);
    families.take(lane, group_gauges(s));
  };
  observers.scaling = [&families](const LaneIdentity& lane, const ScaleAssessment& s) {
    families.take(lane, s.cluster, s.group, scaling_gauges(s));
  };
  return observers;
}

}  // namespace headroom
