#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/lane_identity.h"
#include "operators/lag_standing.h"
#include "operators/scale_assessment.h"

// What lag_watch says at one tick, for tests of those who look on.
namespace headroom::testing {

inline constexpr int64_t kTick = 1'732'262'400'000;

inline LaneIdentity lane(Partition partition) {
  return {"test", "lag_watch", partition, 1};
}

inline LagStanding on_partition(std::string_view group, std::string_view topic, int32_t partition, LagVerdict verdict,
                                int64_t lag_records = 0, std::optional<int64_t> lag_ms = 0) {
  LagStanding s;
  s.time_ms = kTick;
  s.interval_ms = 5000;
  s.cluster = "prod";
  s.group = group;
  s.topic = topic;
  s.partition = partition;
  s.labels = "env=production\x1fview=site_impact";
  s.verdict = verdict;
  s.since_ms = kTick - 135'000;
  s.quality = LagQuality::kExact;
  s.sample_ms = kTick - 1000;
  s.fresh = true;
  s.committed_offset = 1000;
  s.log_start_offset = 100;
  s.end_offset = 1000 + lag_records;
  s.lag_records = lag_records;
  s.lag_ms = lag_ms;
  s.commit_interval_ms = 5000;
  s.produced_milli = 10'000;
  s.consumed_milli = 12'500;
  return s;
}

inline LagStanding end_of_tick(int64_t time_ms = kTick) {
  LagStanding s;
  s.kind = StandingKind::kEndOfTick;
  s.time_ms = time_ms;
  s.interval_ms = 5000;
  return s;
}

// Four consumers, and twelve partitions. Five could read (1,200 + 360,000 / 600) / 400 = 4.5, six where partitions are dealt out whole.
inline ScaleAssessment assessed(std::string_view group, ScaleOutcome outcome) {
  ScaleAssessment s;
  s.cluster = "prod";
  s.group = group;
  s.target = "{cluster}/kafka/ConsumerGroup/{group}";
  s.time_ms = kTick;
  s.outcome = outcome;
  s.current = s.desired = 4;
  s.max_useful = s.partitions = 12;
  s.lower = 2;
  s.upper = 10;
  s.produced_milli = 1'200'000;
  s.consumed_milli = 1'100'000;
  s.lag_records = 360'000;
  s.busy_minutes = 14;
  s.rate_of_one_milli = 400'000;
  s.uncapped = 5;
  s.needed = s.needed_with_room = 6;
  s.catch_up_ms = 600'000;
  s.cooldown_ms = 60'000;
  return s;
}

}  // namespace headroom::testing
