#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/lane_identity.h"
#include "operators/lag_standing.h"

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

}  // namespace headroom::testing
