#include "http/lag_lane.h"

#include <algorithm>
#include <functional>

#include "base/hash.h"

namespace headroom {
namespace {

uint64_t hash_of(std::string_view cluster, std::string_view group, std::string_view topic = {}) {
  return hash_bytes(topic, hash_bytes(group, hash_bytes(cluster)));
}

// What is less than nothing is not known.
template <class... Numbers>
void drop_negative(Numbers&... numbers) {
  ((numbers = numbers.value_or(-1) < 0 ? std::nullopt : numbers), ...);
}

LagPartitionShown own(const LagPartitionGauges& p) {
  return {std::string(p.cluster), std::string(p.group), std::string(p.topic), p.partition,   p.always,
          p.committed_offset,     p.log_start_offset,   p.end_offset,         p.lag_records, p.lag_ms};
}

}  // namespace

LagClusterShown& LagLane::cluster_of(std::string_view name) {
  for (auto& cluster : next_.clusters)
    if (cluster.cluster == name) return cluster;
  next_.clusters.push_back({std::string(name), {}, {}});
  return next_.clusters.back();
}

void LagLane::add_to_topic(const LagPartitionGauges& p) {
  Topic& topic = topics_[hash_of(p.cluster, p.group, p.topic)];
  if (topic.shown.group.empty()) topic.shown = {std::string(p.cluster), std::string(p.group), std::string(p.topic), {}, {}};
  topic.told = true;
  if (!p.lag_records) return;
  topic.next.sum_records = topic.next.sum_records.value_or(0) + *p.lag_records;
  topic.next.max_records = std::max(topic.next.max_records.value_or(0), *p.lag_records);
}

void LagLane::rank(const LagPartitionGauges& p) {
  if (std::pair(p.lag_ms.value_or(0), p.lag_records.value_or(0)) <= floor_) return;
  next_.partitions.push_back(own(p));
  next_.partitions.back().always = false;
  if (++ranked_ > 2 * limits_.partitions) prune();
}

// Back to the limit: seldom, because twice as many are let in between.
void LagLane::prune() {
  auto& all = next_.partitions;
  const auto first = std::partition(all.begin(), all.end(), [](const auto& p) { return p.always; });
  const auto last = first + static_cast<std::ptrdiff_t>(limits_.partitions);
  if (last < all.end()) std::nth_element(first, last, all.end(), [](const auto& a, const auto& b) { return a.rank() > b.rank(); });
  if (last < all.end()) {
    floor_ = last->rank();
    all.erase(last, all.end());
  }
  ranked_ = static_cast<size_t>(all.end() - first);
}

void LagLane::take(const LagPartitionGauges& told) {
  LagPartitionGauges p = told;
  drop_negative(p.poll_ms, p.committed_offset, p.log_start_offset, p.end_offset, p.lag_records, p.lag_ms);
  const std::lock_guard lock(mutex_);
  ++next_.partitions_known;
  LagClusterShown& cluster = cluster_of(p.cluster);
  ++cluster.by_quality.at(static_cast<size_t>(p.quality));
  if (p.poll_ms) cluster.poll_ms = std::max(cluster.poll_ms.value_or(0), *p.poll_ms);
  add_to_topic(p);
  if (p.always && next_.partitions.size() - ranked_ < limits_.of_groups)
    next_.partitions.push_back(own(p));
  else
    rank(p);
}

void LagLane::end_tick(int64_t time_ms, int64_t interval_ms) {
  const std::lock_guard lock(mutex_);
  next_.tick_ms = time_ms;
  next_.interval_ms = interval_ms;
  shown_ = std::move(next_);
  next_ = {};
  floor_ = {-1, -1};
  ranked_ = 0;
  ++ticks_;
  std::erase_if(topics_, [](const auto& entry) { return !entry.second.told; });
  for (auto& [hash, topic] : topics_) {
    topic.shown.sum_records = topic.next.sum_records;
    topic.shown.max_records = topic.next.max_records;
    topic.next = {};
    topic.told = false;
  }
  std::erase_if(groups_, [this](const auto& entry) { return entry.second.tick + 1 < ticks_; });
}

void LagLane::take(const LagGroupGauges& told) {
  LagGroupGauges g = told;
  drop_negative(g.lag_records, g.max_lag_ms, g.produced_milli, g.consumed_milli, g.catch_up_ms, g.loss_ms);
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = groups_.try_emplace(hash_of(g.cluster, g.group));
  Group& group = at->second;
  uint64_t lost = group.shown.lost_records;
  // What was lost before the group was first seen here is not counted: after a restart it would look like a new loss.
  if (!is_new) lost += static_cast<uint64_t>(std::max<int64_t>(0, g.lost_records - group.last_lost));
  // What was told of its scaling stays until it is told anew, a moment later: a scrape in between would find a hole.
  group.shown = {
      std::string(g.cluster), std::string(g.group), std::string(g.labels), g.verdict,     g.severity, g.time_ms, g.lag_records,
      g.max_lag_ms,           g.produced_milli,     g.consumed_milli,      g.catch_up_ms, g.loss_ms,  lost,      group.shown.scaling};
  group.last_lost = g.lost_records;
  group.tick = ticks_;
}

void LagLane::take(std::string_view cluster, std::string_view group, const LagScalingGauges& told) {
  LagScalingGauges s = told;
  drop_negative(s.consumers, s.needed, s.max_useful, s.rate_of_one_milli);
  const std::lock_guard lock(mutex_);
  if (const auto at = groups_.find(hash_of(cluster, group)); at != groups_.end()) at->second.shown.scaling = s;
}

void LagLane::forget(std::string_view cluster, std::string_view group) {
  const std::lock_guard lock(mutex_);
  groups_.erase(hash_of(cluster, group));
  const auto is_its = [&](const auto& one) { return one.group == group && one.cluster == cluster; };
  std::erase_if(topics_, [&](const auto& entry) { return is_its(entry.second.shown); });
  std::erase_if(shown_.partitions, is_its);
}

LagLaneShown LagLane::shown() const {
  const std::lock_guard lock(mutex_);
  LagLaneShown out = shown_;
  out.topics.reserve(topics_.size());
  // A topic that was met since the last tick has no sum yet that is whole.
  for (const auto& [hash, topic] : topics_) out.topics.push_back(topic.shown);
  out.groups.reserve(groups_.size());
  for (const auto& [hash, group] : groups_) out.groups.push_back(group.shown);
  return out;
}

}  // namespace headroom
