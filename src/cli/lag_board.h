#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operators/lag_group_standing.h"
#include "operators/lag_standing.h"
#include "operators/scale_assessment.h"
#include "topologies/lag_observers.h"

namespace headroom {

// A group on a topic at its lane's last tick: a row of `headroom lag`.
struct LagRow {
  std::string cluster;
  std::string group;
  std::string topic;
  int64_t time_ms = 0;  // of the tick
  int64_t partitions = 0;
  LagVerdict verdict = LagVerdict::kOk;  // of the worst partition
  int64_t since_ms = 0;
  bool older = false;                       // it was so at the first tick that was seen: since then at least
  LagQuality quality = LagQuality::kExact;  // the worst of those whose lag in seconds is known
  std::optional<int64_t> lag_records;       // sums and largest of those that are known
  std::optional<int64_t> lag_ms;
  std::optional<int64_t> produced_milli;
  std::optional<int64_t> consumed_milli;
  std::optional<int64_t> catch_up_ms;  // of the slowest partition that lags
  bool never = false;                  // at least one that lags will not catch up at its rates
  std::optional<int64_t> loss_ms;      // of the first partition to lose records
  int64_t lost_records = 0;
};

// One partition of a group that is to be explained, with texts of its own; the views of `standing` are empty.
struct LagPartitionRow {
  std::string cluster;
  std::string group;
  std::string topic;
  LagStanding standing;
  bool older = false;  // as LagRow::older
};

// What is known of a whole group that is to be explained.
struct LagGroupRow {
  std::string cluster;
  std::string group;
  std::string labels;
  std::string worst_topic;
  std::string state;
  LagGroupStanding standing;  // its views are empty
  bool older = false;
  std::optional<ScaleAssessment> scaling;  // of a group that is scaled, at the same tick; its views are empty
};

// What lag_watch judged at the last tick of each lane, as it is told by observers(). One thread.
class LagBoard {
 public:
  // Groups that `explained` names are kept partition by partition; empty: none.
  explicit LagBoard(std::string explained = {}) : explained_(std::move(explained)) {}
  LagBoard(const LagBoard&) = delete;
  LagBoard& operator=(const LagBoard&) = delete;

  // To be used while this object lives.
  LagObservers observers();

  // The ticks seen so far, of all lanes.
  uint64_t ticks() const { return ticks_; }
  // Of the latest tick, and how often its source ticks; none before the first.
  std::optional<int64_t> tick_ms() const { return tick_ms_; }
  int64_t interval_ms() const { return interval_ms_; }

  // By cluster, group and topic.
  std::vector<LagRow> rows() const;
  // By cluster, group, topic and number.
  std::vector<LagPartitionRow> partitions() const;
  std::vector<LagGroupRow> groups() const;

 private:
  struct Lane {
    std::optional<int64_t> first_tick_ms;
    std::vector<LagRow> shown;
    std::vector<LagRow> next;
    std::unordered_map<uint64_t, size_t> at;  // in `next`, by a hash of the names
    std::vector<LagPartitionRow> shown_partitions;
    std::vector<LagPartitionRow> next_partitions;
    std::map<std::pair<std::string, std::string>, LagGroupRow> groups;
  };

  void take(Lane& lane, const LagStanding& standing);
  void end_tick(Lane& lane, const LagStanding& standing);
  void take(Lane& lane, const LagGroupStanding& standing);
  void take(Lane& lane, const ScaleAssessment& assessment);

  const std::string explained_;
  std::map<Partition, Lane> lanes_;
  uint64_t ticks_ = 0;
  std::optional<int64_t> tick_ms_;
  int64_t interval_ms_ = 0;
};

}  // namespace headroom
