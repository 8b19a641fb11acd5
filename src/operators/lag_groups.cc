#include "operators/lag_groups.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "operators/lag_seen.h"

namespace headroom {
namespace {

constexpr int64_t kContextMs = 3'600'000;
constexpr int64_t kSilentIntervals = 3;

// Saturating, so that no sum of odd samples wraps round.
int64_t plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

void add_known(std::optional<int64_t>& sum, const std::optional<int64_t>& more) {
  if (more) sum = plus(sum.value_or(0), *more);
}

// Whether the partition is a worse one than that which the sum has; of equals the first by name and number.
bool is_worse(const LagStanding& in, const GroupSum& sum) {
  if (sum.partitions == 0 || in.verdict != sum.verdict) return sum.partitions == 0 || in.verdict > sum.verdict;
  const int64_t lag_records = in.lag_records.value_or(-1);
  if (lag_records != sum.worst_lag_records) return lag_records > sum.worst_lag_records;
  const int order = in.topic.compare(sum.worst_topic);
  return order < 0 || (order == 0 && in.partition < sum.worst_partition);
}

// More lag than the rhythm of commits and cycles explains.
bool is_behind(const LagStanding& in) {
  return in.lag_ms && *in.lag_ms > plus(in.commit_interval_ms.value_or(0), in.interval_ms);
}

// Nothing is known of it now, which a group that has not committed is no case of.
bool is_missing(const LagStanding& in) {
  return !in.end_offset || in.time_ms - in.sample_ms > kSilentIntervals * in.interval_ms;
}

void count_topic(std::vector<GroupSum::Topic>& topics, uint64_t hash) {
  const auto at = std::lower_bound(topics.begin(), topics.end(), hash, [](const GroupSum::Topic& t, uint64_t h) { return t.hash < h; });
  if (at != topics.end() && at->hash == hash) {
    ++at->partitions;
  } else if (topics.size() < GroupSum::kMostTopics) {
    topics.insert(at, {hash, 1});
  }
}

void keep_context(const LagStanding& in, GroupContext& out) {
  out.time_ms = in.time_ms;
  out.cluster = in.context.cluster;
  out.group = in.context.group;
  out.target = in.context.target;
  out.lying_factor_cores = in.context.lying_factor_cores;
  out.cpu_used_ratio = in.context.cpu_used_ratio;
  out.host = in.context.host;
  out.host_cpu_ratio = in.context.host_cpu_ratio;
}

void copy_context(const GroupContext& context, LagContext& out) {
  out.cluster = context.cluster;
  out.group = context.group;
  out.target = context.target;
  out.lying_factor_cores = context.lying_factor_cores;
  out.cpu_used_ratio = context.cpu_used_ratio;
  out.host = context.host;
  out.host_cpu_ratio = context.host_cpu_ratio;
}

void copy_sum(const GroupSum& sum, LagGroupStanding& out) {
  out.verdict = sum.verdict;
  out.worst_partition = sum.worst_partition;
  out.partitions = sum.partitions;
  for (const GroupSum::Topic& topic : sum.topics) out.widest_topic = std::max(out.widest_topic, topic.partitions);
  out.assigned = sum.assigned;
  out.lag_records = sum.lag_records;
  out.max_lag_ms = sum.max_lag_ms;
  out.produced_milli = sum.produced_milli;
  out.consumed_milli = sum.consumed_milli;
  if (sum.catches_up) out.catch_up_ms = sum.catch_up_ms;
  out.loss_ms = sum.loss_ms;
  out.lost_records = sum.lost_records;
  out.behind = sum.behind;
  out.assigned_behind = sum.assigned_behind;
  out.missing = sum.missing;
  out.members = sum.members;
  out.group_state = group_state_text(sum.group_state);
}

}  // namespace

void GroupSum::add(const LagStanding& in) {
  if (is_worse(in, *this)) {
    verdict = in.verdict;
    worst_topic = in.topic;
    worst_partition = in.partition;
    worst_lag_records = in.lag_records.value_or(-1);
  }
  ++partitions;
  count_topic(topics, hash_bytes(in.topic));
  if (in.assigned) assigned = assigned.value_or(0) + (*in.assigned ? 1 : 0);
  add_known(lag_records, in.lag_records);
  if (in.lag_ms) max_lag_ms = std::max(max_lag_ms.value_or(0), *in.lag_ms);
  add_known(produced_milli, in.produced_milli);
  add_known(consumed_milli, in.consumed_milli);
  catches_up = catches_up && in.catch_up_ms.has_value();
  catch_up_ms = std::max(catch_up_ms, in.catch_up_ms.value_or(0));
  if (in.loss_ms) loss_ms = std::min(loss_ms.value_or(*in.loss_ms), *in.loss_ms);
  lost_records = plus(lost_records, in.lost_records.value_or(0));
  behind += is_behind(in) ? 1 : 0;
  assigned_behind += is_behind(in) && in.assigned.value_or(false) ? 1 : 0;
  missing += is_missing(in) ? 1 : 0;
  if (in.sample_ms < sample_ms) return;
  // Labels, members and state are the group's, so one sample of a cycle says the same as another.
  sample_ms = in.sample_ms;
  labels = in.labels;
  members = in.members;
  group_state = group_state_code(in.group_state);
}

void GroupSum::clear() {
  GroupSum empty;
  empty.labels = std::move(labels);
  empty.worst_topic = std::move(worst_topic);
  empty.topics = std::move(topics);
  empty.labels.clear();
  empty.worst_topic.clear();
  empty.topics.clear();
  *this = std::move(empty);
}

void LagGroups::step(State& state, const LagStanding& in, Emitter<LagGroupStanding>& emit) const {
  if (in.kind == StandingKind::kPartition) return state.sum.add(in);
  if (in.kind == StandingKind::kContext) return keep_context(in, state.context);
  const bool was_known = state.known;
  state = {};
  if (!was_known) return;
  LagGroupStanding out;
  out.time_ms = in.time_ms;
  out.cluster = in.cluster;
  out.group = in.group;
  out.forgotten = true;
  emit(out);
}

void LagGroups::step_all(const StateKey& key, State& state, const LagStanding& in, Emitter<LagGroupStanding>& emit) const {
  if (state.sum.partitions == 0) return;
  state.known = true;
  if (state.sum.verdict != state.verdict || state.since_ms == 0) {
    state.verdict = state.sum.verdict;
    state.since_ms = in.time_ms;
  }
  LagGroupStanding out;
  out.time_ms = in.time_ms;
  out.interval_ms = in.interval_ms;
  out.cluster = key.first;
  out.group = key.second;
  out.since_ms = state.since_ms;
  state.labels.swap(state.sum.labels);
  state.worst_topic.swap(state.sum.worst_topic);
  out.labels = state.labels;
  out.worst_topic = state.worst_topic;
  copy_sum(state.sum, out);
  state.sum.clear();
  if (state.context.time_ms != 0 && in.time_ms - state.context.time_ms < kContextMs) copy_context(state.context, out.context);
  emit(out);
}

}  // namespace headroom
