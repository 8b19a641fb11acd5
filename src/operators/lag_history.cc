#include "operators/lag_history.h"

#include "base/hash.h"

namespace headroom {
namespace {

constexpr int64_t kSilentIntervals = 3;

uint64_t topic_hash(std::string_view topic_id) {
  return topic_id.empty() ? 0 : std::max<uint64_t>(1, hash_bytes(topic_id));
}

// Whether the sample is of another topic of the same name.
bool made_anew(const LagHistory& history, const LagSample& sample) {
  const uint64_t topic_id = topic_hash(sample.topic_id);
  if (history.topic_id != 0 && topic_id != 0) return history.topic_id != topic_id;
  return sample.end_offset && *sample.end_offset < history.highest_commit &&
         *sample.end_offset < history.seen.end_offset.value_or(INT64_MAX);
}

// A commit to another offset was seen.
void take_commit(LagHistory& history, const LagSeen& before, int64_t first_commit_interval_ms) {
  const LagSeen& seen = history.seen;
  const bool seen_before = history.interval_ms == 0 || seen.observed_ms - before.observed_ms <= kSilentIntervals * history.interval_ms;
  if (history.commit_seen && seen_before) history.rhythm.add(seen.observed_ms - history.commit_ms);
  history.commit_seen = true;
  history.commit_ms = seen.observed_ms;
  // A group that was set back is behind by a step, which is no trend.
  if (*seen.committed_offset < *before.committed_offset) history.trend.clear();
  history.trend.add({seen.observed_ms, *seen.committed_offset, seen.lag_ms().value_or(LagTrend::kUnknown)},
                    history.window_ms(first_commit_interval_ms));
}

}  // namespace

void LagHistory::take(const LagSample& sample, int64_t first_commit_interval_ms) {
  if (sample.observed_ms <= seen.observed_ms) return;
  if (made_anew(*this, sample)) {
    const int64_t kept_interval_ms = interval_ms;
    *this = {};
    interval_ms = kept_interval_ms;
  }
  const LagSeen before = seen;
  seen = LagSeen::of(sample);
  fresh = true;
  if (!sample.topic_id.empty()) topic_id = topic_hash(sample.topic_id);
  if (first_ms == 0) first_ms = seen.observed_ms;
  if (seen.log_start_offset && before.log_start_offset && *seen.log_start_offset > *before.log_start_offset) log_deletes = true;
  if (seen.committed_offset) {
    // An offset that is back after it was gone (expired, or not to be had) is compared with nothing.
    if (before.committed_offset && *seen.committed_offset != *before.committed_offset) {
      take_commit(*this, before, first_commit_interval_ms);
    } else if (!before.committed_offset) {
      commit_ms = seen.observed_ms;
      commit_seen = false;
    }
    highest_commit = std::max(highest_commit, *seen.committed_offset);
  }
  if (!seen.data_waits())
    waiting_since_ms = 0;
  else if (waiting_since_ms == 0)
    waiting_since_ms = seen.observed_ms;
  if (seen.lag_records() && !seen.data_waits()) clean_until = std::max(clean_until, *seen.readable_end());
  if (seen.end_offset) produced.add(seen.observed_ms, *seen.end_offset, window_ms(first_commit_interval_ms));
}

std::optional<int64_t> LagHistory::consumed_milli(int64_t now_ms, int64_t patience_ms, int64_t window_ms) const {
  const LagTrend::Point* newest = trend.newest();
  const bool waits = waiting_since_ms != 0;
  if (waits && now_ms - idle_since_ms() >= patience_ms) return 0;
  if (newest != nullptr && newest->time_ms >= now_ms - window_ms) return trend.consumed_milli(now_ms - window_ms);
  if (now_ms - first_ms >= window_ms) return 0;
  return std::nullopt;
}

}  // namespace headroom
