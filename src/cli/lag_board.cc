#include "cli/lag_board.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/hash.h"

namespace headroom {
namespace {

void add(std::optional<int64_t>& sum, const std::optional<int64_t>& value) {
  if (value) sum = sum.value_or(0) + *value;
}

void add_to_row(LagRow& row, const LagStanding& s) {
  ++row.partitions;
  row.time_ms = s.time_ms;
  if (row.partitions == 1 || s.verdict > row.verdict) {
    row.verdict = s.verdict;
    row.since_ms = s.since_ms;
  } else if (s.verdict == row.verdict) {
    row.since_ms = std::min(row.since_ms, s.since_ms);
  }
  add(row.lag_records, s.lag_records);
  add(row.produced_milli, s.produced_milli);
  add(row.consumed_milli, s.consumed_milli);
  row.lag_ms = std::max(row.lag_ms, s.lag_ms);  // none is less than any
  if (s.lag_ms) row.quality = std::min(row.quality, s.quality);
  if (s.lag_records.value_or(0) > 0) {
    row.never = row.never || (!s.catch_up_ms && s.produced_milli && s.consumed_milli);
    row.catch_up_ms = std::max(row.catch_up_ms, s.catch_up_ms);
  }
  if (s.loss_ms) row.loss_ms = std::min(row.loss_ms.value_or(*s.loss_ms), *s.loss_ms);
  row.lost_records += s.lost_records.value_or(0);
}

LagPartitionRow own(const LagStanding& s) {
  LagPartitionRow row{std::string(s.cluster), std::string(s.group), std::string(s.topic), s, false};
  row.standing.cluster = row.standing.group = row.standing.topic = row.standing.labels = row.standing.group_state = {};
  row.standing.context = {};
  row.standing.forgotten = {};
  return row;
}

LagGroupRow own(const LagGroupStanding& s, bool older) {
  LagGroupRow row{std::string(s.cluster),
                  std::string(s.group),
                  std::string(s.labels),
                  std::string(s.worst_topic),
                  std::string(s.group_state),
                  s,
                  older,
                  {}};
  row.standing.cluster = row.standing.group = row.standing.labels = row.standing.worst_topic = row.standing.group_state = {};
  row.standing.context = {};
  return row;
}

}  // namespace

LagObservers LagBoard::observers() {
  LagObservers out;
  out.partition = [this](const LaneIdentity& lane, const LagStanding& s) {
    if (s.kind == StandingKind::kPartition) take(lanes_[lane.partition], s);
    if (s.kind == StandingKind::kEndOfTick) end_tick(lanes_[lane.partition], s);
  };
  out.group = [this](const LaneIdentity& lane, const LagGroupStanding& s) { take(lanes_[lane.partition], s); };
  out.scaling = [this](const LaneIdentity& lane, const ScaleAssessment& s) { take(lanes_[lane.partition], s); };
  return out;
}

void LagBoard::take(Lane& lane, const LagStanding& s) {
  const uint64_t name = hash_bytes(s.topic, hash_bytes(s.group, hash_bytes(s.cluster)));
  const auto [at, is_new] = lane.at.try_emplace(name, lane.next.size());
  if (is_new) {
    lane.next.emplace_back();
    lane.next.back().cluster = s.cluster;
    lane.next.back().group = s.group;
    lane.next.back().topic = s.topic;
  }
  add_to_row(lane.next[at->second], s);
  if (!explained_.empty() && s.group == explained_) lane.next_partitions.push_back(own(s));
}

void LagBoard::end_tick(Lane& lane, const LagStanding& s) {
  if (!lane.first_tick_ms) lane.first_tick_ms = s.time_ms;
  for (auto& row : lane.next) row.older = row.since_ms <= *lane.first_tick_ms;
  for (auto& row : lane.next_partitions) row.older = row.standing.since_ms <= *lane.first_tick_ms;
  lane.shown = std::exchange(lane.next, {});
  lane.at.clear();
  lane.shown_partitions = std::exchange(lane.next_partitions, {});
  ++ticks_;
  if (tick_ms_.value_or(s.time_ms) > s.time_ms) return;
  tick_ms_ = s.time_ms;
  interval_ms_ = s.interval_ms;
}

void LagBoard::take(Lane& lane, const LagGroupStanding& s) {
  if (explained_.empty() || s.group != explained_) return;
  const std::pair<std::string, std::string> name(s.cluster, s.group);
  if (s.forgotten)
    lane.groups.erase(name);
  else
    lane.groups[name] = own(s, s.since_ms <= lane.first_tick_ms.value_or(s.time_ms));
}

void LagBoard::take(Lane& lane, const ScaleAssessment& s) {
  if (explained_.empty() || s.group != explained_) return;
  const auto found = lane.groups.find({std::string(s.cluster), std::string(s.group)});
  if (found == lane.groups.end()) return;
  ScaleAssessment& kept = found->second.scaling.emplace(s);
  kept.cluster = kept.group = kept.target = {};
}

std::vector<LagRow> LagBoard::rows() const {
  std::vector<LagRow> out;
  for (const auto& [partition, lane] : lanes_) out.insert(out.end(), lane.shown.begin(), lane.shown.end());
  const auto names = [](const LagRow& row) { return std::tie(row.cluster, row.group, row.topic); };
  std::sort(out.begin(), out.end(),
            [&](const LagRow& a, const LagRow& b) { return names(a) != names(b) ? names(a) < names(b) : a.time_ms > b.time_ms; });
  // Of a group that moved from one lane to another the later.
  out.erase(std::unique(out.begin(), out.end(), [&](const LagRow& a, const LagRow& b) { return names(a) == names(b); }), out.end());
  return out;
}

std::vector<LagPartitionRow> LagBoard::partitions() const {
  std::vector<LagPartitionRow> out;
  for (const auto& [partition, lane] : lanes_) out.insert(out.end(), lane.shown_partitions.begin(), lane.shown_partitions.end());
  const auto names = [](const LagPartitionRow& row) { return std::tie(row.cluster, row.group, row.topic, row.standing.partition); };
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    return names(a) != names(b) ? names(a) < names(b) : a.standing.time_ms > b.standing.time_ms;
  });
  out.erase(std::unique(out.begin(), out.end(), [&](const auto& a, const auto& b) { return names(a) == names(b); }), out.end());
  return out;
}

std::vector<LagGroupRow> LagBoard::groups() const {
  std::map<std::pair<std::string, std::string>, LagGroupRow> latest;
  for (const auto& [partition, lane] : lanes_) {
    for (const auto& [name, row] : lane.groups) {
      const auto [at, is_new] = latest.try_emplace(name, row);
      if (!is_new && at->second.standing.time_ms < row.standing.time_ms) at->second = row;
    }
  }
  std::vector<LagGroupRow> out;
  for (auto& [name, row] : latest) out.push_back(std::move(row));
  return out;
}

}  // namespace headroom
