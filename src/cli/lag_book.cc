#include "cli/lag_book.h"

#include <algorithm>
#include <utility>

#include "policy/lag_key.h"
#include "policy/name_pattern.h"

namespace headroom {
namespace {

constexpr int kAbsentCycles = 12;
constexpr uint64_t kUnusedCycles = 120;

std::optional<KnownTime> end_time(const LagPartition& partition, Offset end) {
  if (end <= partition.empty_below) return std::nullopt;
  return partition.times.before(end);
}

// Where no data lies between, the last consumed record is the last one of the log: both times are one.
std::optional<KnownTime> consumed_time(const LagPartition& partition, Offset committed, Offset end) {
  if (committed >= end || partition.times.is_empty(committed, end)) return end_time(partition, end);
  auto consumed = partition.times.before(committed);
  const auto last = end_time(partition, end);
  if (!consumed || !last || consumed->time_ms <= last->time_ms) return consumed;
  // Two guesses may cross; records that were read may not be in order and stay as they are.
  if (consumed->quality == LagQuality::kExact && last->quality == LagQuality::kExact) return consumed;
  consumed->error_ms += consumed->time_ms - last->time_ms;
  consumed->time_ms = last->time_ms;
  consumed->quality = consumed->error_ms <= OffsetTimes::kCloseMs ? LagQuality::kInterpolated : LagQuality::kBracketed;
  return consumed;
}

// A look-up tells when the last record before an offset was written. The record at the offset is the next one only where offsets have no
// holes; where they have, only a read tells how far on it is.
std::optional<int64_t> unread_time(const LagPartition& partition, Offset committed, Offset end, bool compacts) {
  if (committed >= end || partition.times.is_empty(committed, end)) return std::nullopt;
  const Offset first = std::max(committed, partition.start);
  if (const auto exact = partition.times.at_or_after(first)) return exact;
  if (compacts) return std::nullopt;
  const auto near = partition.times.before(first + 1);
  return near && near->quality >= LagQuality::kInterpolated ? std::optional(near->time_ms) : std::nullopt;
}

}  // namespace

void fill_times(LagSample& sample, const LagPartition& partition, std::optional<Offset> committed, bool reads_uncommitted, bool compacts) {
  sample.committed_offset = committed;
  if (!partition.available) return;
  sample.log_start_offset = partition.start;
  sample.end_offset = partition.end;
  sample.last_stable_offset = partition.stable;
  const Offset end = reads_uncommitted ? partition.end : partition.stable;
  const auto last = end_time(partition, end);
  const auto consumed = committed ? consumed_time(partition, *committed, end) : std::nullopt;
  if (last) {
    sample.end_time_ms = last->time_ms;
    sample.end_time_error_ms = last->error_ms;
    if (last->time_ms > sample.observed_ms) sample.skew_ms = last->time_ms - sample.observed_ms;
  }
  if (consumed) {
    sample.consumed_time_ms = consumed->time_ms;
    sample.consumed_time_error_ms = consumed->error_ms;
  }
  sample.quality = last && consumed ? std::min(last->quality, consumed->quality) : LagQuality::kUnknown;
  if (committed) sample.unread_time_ms = unread_time(partition, *committed, end, compacts);
  if (committed && *committed < partition.start) sample.lost_records = partition.start - *committed;
  if (partition.stable < partition.end && partition.held_at == partition.stable) {
    const auto first = partition.times.before(partition.stable + 1);
    const int64_t since =
        first && first->quality >= LagQuality::kInterpolated ? std::min(first->time_ms, partition.held_since_ms) : partition.held_since_ms;
    sample.open_transaction_ms = std::max<int64_t>(sample.observed_ms - since, 0);
  }
}

LagBook::LagBook(const LagSourceConfig& config, std::string cluster, std::string source)
    : config_(config), cluster_(std::move(cluster)), source_(std::move(source)) {}

LagGroup* LagBook::watched(const std::string& name, int64_t now_ms) {
  const auto known = groups.find(name);
  if (known != groups.end()) return &known->second;
  if (!name_passes(config_.groups, config_.ignore_groups, name)) return nullptr;
  LagGroup& group = groups[name];
  for (const auto& [pattern, labels] : config_.labels)
    if (name_fits(pattern, name))
      for (const auto& [label, value] : labels) group.labels[label] = value;
  group.key = lag_key(config_.key, cluster_, name, group.labels);
  group.reads_uncommitted = name_passes(config_.read_uncommitted, {}, name);
  group.last_useful_ms = now_ms;
  return &group;
}

LagPartition& LagBook::partition(const TopicPartition& place) {
  const auto known = partitions.find(place);
  if (known != partitions.end()) return known->second;
  return partitions.emplace(place, LagPartition({static_cast<uint32_t>(config_.points_per_partition), 64})).first->second;
}

bool LagBook::watches_topic(std::string_view topic) const {
  return name_passes(config_.topics, config_.ignore_topics, topic);
}

void LagBook::use_places(uint64_t cycle) {
  for (const auto& [name, group] : groups) {
    if (!group.served) continue;
    for (const auto& [place, offset] : group.committed) partition(place).used_in_cycle = cycle;
    for (const TopicPartition& place : group.assigned) partition(place).used_in_cycle = cycle;
  }
  std::erase_if(partitions, [cycle](const auto& one) { return one.second.used_in_cycle + kUnusedCycles < cycle; });
}

std::map<TopicPartition, std::vector<Offset>> LagBook::wanted() const {
  std::map<TopicPartition, std::vector<Offset>> wanted;
  const auto want = [&](const TopicPartition& place, std::optional<Offset> committed, bool uncommitted) {
    const auto known = partitions.find(place);
    if (known == partitions.end() || !known->second.available) return;
    const LagPartition& partition = known->second;
    const Offset end = uncommitted ? partition.end : partition.stable;
    auto& offsets = wanted[place];
    if (end > partition.start) offsets.push_back(end);
    if (committed && *committed > partition.start && *committed < end) offsets.push_back(*committed);
    if (committed && *committed <= partition.start && end > partition.start) offsets.push_back(partition.start + 1);  // what it reads first
    if (partition.stable < partition.end) offsets.push_back(partition.stable + 1);
  };
  for (const auto& [name, group] : groups) {
    if (!group.served) continue;
    for (const auto& [place, offset] : group.committed) want(place, offset, group.reads_uncommitted);
    for (const TopicPartition& place : group.assigned)
      if (!group.committed.contains(place)) want(place, std::nullopt, group.reads_uncommitted);
  }
  for (auto& [place, offsets] : wanted) {
    std::sort(offsets.begin(), offsets.end());
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  }
  return wanted;
}

void LagBook::fill(LagSample& sample, const LagGroup& group, const TopicPartition& place, int64_t observed_ms) const {
  sample.cluster = cluster_;
  sample.source = source_;
  sample.topic = place.first;
  sample.partition = place.second;
  sample.observed_ms = observed_ms;
  sample.group_state = group.state;
  sample.members = group.members;
  if (group.assignment_known) sample.assigned = std::binary_search(group.assigned.begin(), group.assigned.end(), place);
  const auto kept = retention.find(place.first);
  if (kept != retention.end() && kept->second.ms >= 0) sample.retention_ms = kept->second.ms;
  if (kept != retention.end() && kept->second.bytes >= 0) sample.retention_bytes = kept->second.bytes;
  const auto committed = group.committed.find(place);
  const auto known = partitions.find(place);
  if (known == partitions.end()) return;
  fill_times(sample, known->second, committed == group.committed.end() ? std::nullopt : std::optional(committed->second),
             group.reads_uncommitted, kept != retention.end() && kept->second.compacts);
}

void LagBook::each_sample(uint64_t cycle, int64_t observed_ms,
                          const std::function<void(const std::string&, const LagSample&)>& take) const {
  for (const auto& [name, group] : groups) {
    if (!group.served) continue;
    std::vector<LagLabel> labels;
    for (const auto& [label, value] : group.labels) labels.push_back({label, value});
    const auto give = [&, &name = name, &group = group](const TopicPartition& place) {
      LagSample sample;
      sample.group = name;
      sample.seq = cycle;
      sample.labels = labels;
      fill(sample, group, place, observed_ms);
      take(group.key, sample);
    };
    for (const auto& [place, offset] : group.committed) give(place);
    for (const TopicPartition& place : group.assigned)
      if (!group.committed.contains(place)) give(place);
  }
}

void LagBook::forget(int64_t now_ms, const std::function<void(const std::string&, const LagForgotten&)>& tell) {
  for (auto group = groups.begin(); group != groups.end();) {
    const bool deleted = group->second.absent_cycles >= kAbsentCycles;
    const bool unseen = now_ms - group->second.last_useful_ms > config_.forget_after_ms;
    if (!deleted && !unseen) {
      ++group;
      continue;
    }
    LagForgotten forgotten;
    forgotten.cluster = cluster_;
    forgotten.group = group->first;
    forgotten.reason = deleted ? "deleted" : "unseen";
    tell(group->second.key, forgotten);
    group = groups.erase(group);
  }
}

}  // namespace headroom
