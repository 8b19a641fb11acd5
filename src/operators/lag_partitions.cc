#include "operators/lag_partitions.h"

#include <algorithm>
#include <charconv>

#include "policy/lag_outlook.h"
#include "policy/name_pattern.h"

namespace headroom {
namespace {

constexpr int64_t kSilentIntervals = 3;
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kAbandonedMs = 600'000;
constexpr int64_t kSlopeMicro = 50'000;

// Builds and compares without making anything new when they are as before, which they almost always are.
void keep_labels(std::span<const LagLabel> labels, std::string& kept) {
  std::string_view left = kept;
  bool same = true;
  const auto match = [&](std::string_view part) {
    same = same && left.starts_with(part);
    if (same) left.remove_prefix(part.size());
  };
  for (size_t i = 0; i < labels.size() && same; ++i) {
    if (i > 0) match("\x1f");
    match(labels[i].name);
    match("=");
    match(labels[i].value);
  }
  if (same && left.empty()) return;
  kept.clear();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) kept += '\x1f';
    kept.append(labels[i].name).append("=").append(labels[i].value);
  }
}

// The two parts of a key that the decoder joined.
std::pair<std::string_view, std::string_view> split(std::string_view joined) {
  const size_t at = joined.find('\x1f');
  if (at == std::string_view::npos) return {joined, {}};
  return {joined.substr(0, at), joined.substr(at + 1)};
}

void name_standing(const StateKey& key, LagStanding& out) {
  std::tie(out.cluster, out.group) = split(key.first);
  const auto [topic, number] = split(key.second);
  out.topic = topic;
  std::from_chars(number.data(), number.data() + number.size(), out.partition);
}

// What the sample itself says.
void copy_seen(const LagSeen& seen, LagStanding& out) {
  out.quality = seen.quality;
  out.sample_ms = seen.observed_ms;
  out.committed_offset = seen.committed_offset;
  out.log_start_offset = seen.log_start_offset;
  out.end_offset = seen.end_offset;
  out.lag_error_ms = seen.error_ms;
  out.open_transaction_ms = seen.open_transaction_ms;
  if (seen.members) out.members = static_cast<int32_t>(*seen.members);
  out.assigned = seen.assigned;
  out.group_state = group_state_text(seen.group_state);
}

bool loses_data(const LagHistory& history) {
  const LagSeen& seen = history.seen;
  return seen.committed_offset && seen.log_start_offset && *seen.log_start_offset > std::max(*seen.committed_offset, history.clean_until);
}

std::optional<int64_t> time_to_loss(const LagHistory& history, const LagStanding& standing) {
  const LagSeen& seen = history.seen;
  if (!seen.data_waits()) return std::nullopt;
  return loss_ms({.retention_ms = seen.retention_ms,
                  .retention_bytes = seen.retention_bytes,
                  .deletes = history.log_deletes,
                  .unread_age_ms = standing.oldest_unread_ms,
                  .records_before = std::max<int64_t>(0, *seen.committed_offset - seen.log_start_offset.value_or(0)),
                  .produced_milli = standing.produced_milli});
}

// What follows from the samples so far, as of the tick.
void measure(const LagHistory& history, int64_t patience_ms, int64_t window_ms, LagStanding& out) {
  const LagSeen& seen = history.seen;
  const bool waits = seen.data_waits();
  out.lag_records = waits ? seen.lag_records() : 0;
  out.lag_ms = seen.lag_ms();
  if (waits && seen.unread_time_ms) out.oldest_unread_ms = std::max<int64_t>(0, out.time_ms - *seen.unread_time_ms);
  out.produced_milli = history.produced.milli();
  out.consumed_milli = history.consumed_milli(out.time_ms, patience_ms, window_ms);
  out.catch_up_ms = catch_up_ms(*out.lag_records, out.produced_milli, out.consumed_milli);
  out.loss_ms = time_to_loss(history, out);
  if (loses_data(history)) {
    out.lost_records = seen.lost_records.value_or(*seen.log_start_offset - *seen.committed_offset);
    out.loss_ms = 0;
  }
}

LagVerdict trend_verdict(const LagHistory& history, int64_t window_ms, const LagStanding& standing) {
  const auto slope = history.trend.lag_slope_micro(standing.time_ms - window_ms, window_ms / 2);
  if (!slope || history.trend.newest()->lag_ms <= standing.interval_ms + standing.lag_error_ms) return LagVerdict::kOk;
  if (*slope < -kSlopeMicro) return LagVerdict::kCatchingUp;
  return *slope > kSlopeMicro ? LagVerdict::kFallingBehind : LagVerdict::kOk;
}

// Whether nothing can be said of the partition at this tick.
bool is_unknown(const LagSeen& seen, const LagTick& tick) {
  return !seen.committed_offset || !seen.end_offset || tick.tick_ms - seen.observed_ms > kSilentIntervals * tick.interval_ms;
}

}  // namespace

StateKey LagPartitions::key(const LagEvent& in) {
  // Contexts go through one state that stays as it is made: they are not for a partition.
  return in.kind == LagKind::kSample ? StateKey{in.sample.group_key, in.sample.partition_key} : StateKey{};
}

int64_t LagPartitions::idle_ms() const {
  // A source that was away for a day finds what was learned before.
  return 25 * kHourMs;
}

void LagPartitions::step(State& state, const LagEvent& in, Emitter<LagStanding>& emit) const {
  if (in.kind == LagKind::kContext) {
    LagStanding out;
    out.kind = StandingKind::kContext;
    out.time_ms = in.time_ms;
    out.cluster = in.context.cluster;
    out.group = in.context.group;
    out.context = in.context;
    return emit(out);
  }
  keep_labels(in.sample.labels, state.labels);
  state.history.take(in.sample, params_.first_commit_interval_ms);
  state.missed_ms = 0;
}

void LagPartitions::step_all(const StateKey& key, State& state, const LagEvent& in, Emitter<LagStanding>& emit) const {
  if (state.history.seen.observed_ms == 0) return;
  if (in.kind == LagKind::kForgotten) {
    const auto [cluster, group] = split(key.first);
    if (cluster == in.forgotten.cluster && group == in.forgotten.group) state = {};
    return;
  }
  if (!state.history.fresh) state.missed_ms += in.tick.interval_ms;
  if (state.missed_ms >= kHourMs) {
    state = {};
    return;
  }
  emit(judge(key, state, in.tick));
  state.history.fresh = false;
  state.history.interval_ms = in.tick.interval_ms;
}

void LagPartitions::after_all(const LagEvent& in, Emitter<LagStanding>& emit) const {
  LagStanding out;
  out.kind = in.kind == LagKind::kForgotten ? StandingKind::kForgotten : StandingKind::kEndOfTick;
  out.time_ms = in.time_ms;
  out.interval_ms = in.tick.interval_ms;
  out.cluster = in.forgotten.cluster;
  out.group = in.forgotten.group;
  out.forgotten = in.forgotten;
  emit(out);
}

LagStanding LagPartitions::judge(const StateKey& key, State& state, const LagTick& tick) const {
  const LagHistory& history = state.history;
  const LagSeen& seen = history.seen;
  LagStanding out;
  out.time_ms = tick.tick_ms;
  out.interval_ms = tick.interval_ms;
  out.labels = state.labels;
  out.fresh = history.fresh;
  out.commit_interval_ms = history.rhythm.median_ms();
  name_standing(key, out);
  copy_seen(seen, out);
  out.verdict = is_unknown(seen, tick) ? LagVerdict::kUnknown : verdict_of(history, out);
  if (out.verdict != state.verdict || state.since_ms == 0) {
    state.verdict = out.verdict;
    state.since_ms = tick.tick_ms;
  }
  out.since_ms = state.since_ms;
  return out;
}

// In the order of the header. Fills what is measured on the way.
LagVerdict LagPartitions::verdict_of(const LagHistory& history, LagStanding& out) const {
  const int64_t patience_ms = history.patience_ms(params_.first_commit_interval_ms);
  const int64_t window_ms = history.window_ms(params_.first_commit_interval_ms);
  measure(history, patience_ms, window_ms, out);
  if (loses_data(history)) return LagVerdict::kLosingData;
  if (*out.committed_offset < history.highest_commit) return LagVerdict::kRewound;
  if (out.loss_ms && near_retention(*out.loss_ms, history.seen.retention_ms)) return LagVerdict::kNearRetention;
  const bool unassigned = out.group_state == kStableGroup && out.members.value_or(0) > 0 && out.assigned == false;
  if (unassigned && out.time_ms - history.commit_ms >= std::max(kAbandonedMs, patience_ms)) return LagVerdict::kAbandoned;
  if (!history.seen.data_waits() || *out.lag_records <= allowed_records(out)) return LagVerdict::kOk;
  if (out.time_ms - history.idle_since_ms() >= patience_ms) return out.members == 0 ? LagVerdict::kStopped : LagVerdict::kStalled;
  return trend_verdict(history, window_ms, out);
}

int64_t LagPartitions::allowed_records(const LagStanding& standing) const {
  for (const LagAllowance& allowance : params_.allowed) {
    if (!name_fits(allowance.group, standing.group)) continue;
    if (allowance.topic.empty() || name_fits(allowance.topic, standing.topic)) return allowance.lag_records;
  }
  return 0;
}

}  // namespace headroom
