#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>

#include "headroom/lag.h"
#include "operators/lag_seen.h"
#include "policy/lag_rhythm.h"
#include "policy/lag_trend.h"
#include "policy/record_rate.h"

namespace headroom {

// What samples of one partition have told about a group so far; the terms are those of operators/lag_partitions.h.
struct LagHistory {
  LagSeen seen;
  uint64_t topic_id = 0;        // hash of it; 0: not known
  int64_t highest_commit = -1;  // of this topic
  // Below it nothing that the group had not read held data, as was seen when nothing waited.
  int64_t clean_until = 0;
  int64_t first_ms = 0;          // the first sample
  int64_t commit_ms = 0;         // when the offset last changed, or was first seen
  bool commit_seen = false;      // it did change
  int64_t waiting_since_ms = 0;  // 0: no data waits
  int64_t interval_ms = 0;       // of the source's cycle, as the last tick said
  bool fresh = false;            // a sample came since the last tick
  bool log_deletes = false;      // the log's start was seen to move
  LagRhythm rhythm;
  LagTrend trend;
  RecordRate produced;
  auto fields() {
    return std::tie(seen, topic_id, highest_commit, clean_until, first_ms, commit_ms, commit_seen, waiting_since_ms, interval_ms, fresh,
                    log_deletes, rhythm, trend, produced);
  }

  // A sample no newer than the last changes nothing.
  void take(const LagSample& sample, int64_t first_commit_interval_ms);

  // C and W.
  int64_t patience_ms(int64_t first_commit_interval_ms) const {
    return std::max<int64_t>(30'000, rhythm.median_ms().value_or(first_commit_interval_ms) * 3 / 2);
  }
  int64_t window_ms(int64_t first_commit_interval_ms) const { return std::max<int64_t>(60'000, 3 * patience_ms(first_commit_interval_ms)); }
  // The last commit, or when data began to wait, if that is later.
  int64_t idle_since_ms() const { return std::max(commit_ms, waiting_since_ms); }
  // As LagStanding::consumed_milli, by the tick.
  std::optional<int64_t> consumed_milli(int64_t now_ms, int64_t patience_ms, int64_t window_ms) const;
};

}  // namespace headroom
