#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "headroom/lag.h"
#include "headroom/operator.h"
#include "operators/lag_history.h"
#include "operators/lag_standing.h"
#include "operators/lag_watch_params.h"

namespace headroom {

// Judges every (group, topic, partition) at each tick: one LagStanding each, then one kEndOfTick. Contexts and forgotten groups pass; the
// states of a forgotten group are emptied.
//
// c is the median of the last ten intervals between commits, C = max(30 s, 1.5 c), W = max(60 s, 3 C). Verdicts, of which the first that
// holds is given:
//
//   unknown         no commit, the partition not available, or no sample for more than three intervals
//   losing_data     committed below the log's start, and data may have stood between
//   rewound         committed below an earlier commit of the same topic
//   near_retention  the oldest unread record may soon be deleted: policy/lag_outlook.h
//   abandoned       a stable group with members, none of which has this partition, and no commit for max(10 min, C)
//   ok              no data waits, or no more than is allowed
//   stopped         no members, and no commit for C
//   stalled         no commit for C
//   catching_up     lag falls by more than 0.05 s a second over W
//   falling_behind  it rises by more than that
//   ok              else
//
// What the words leave open:
// - "No commit for C" of stopped and stalled counts from the last commit or from when data began to wait, whichever is later: an idle group
//   has nothing to commit, and a burst after an idle night finds it at its work.
// - c is the group's on this partition. The time from when a partition is first seen to its first commit is part of an interval and does
//   not count, nor does an interval within which the source was silent. Until one is known, c is params.first_commit_interval_ms.
// - Lag is compared right after commits: between them it rises by a second a second whatever the group does. Its slope is the median of
//   those between all pairs. The dead band is +-0.05 s a second, so that what wanders within it stays ok, and, below one interval of lag
//   (and the error of the times), everything: cycles and commits are not in step, and lag is known no better.
// - A commit to a lower offset begins the trend anew: a step is no slope.
// - Another topic: another topic id; where ids are not known, an end below an earlier commit and below the end before. All is learned anew.
// - "Members, none assigned, others of theirs are" is told from the group being stable: in a rebalance nothing is assigned to anyone.
// - A partition without samples for an hour of ticks is forgotten: a topic that was deleted, or that the group left.
// - Below the log's start is no loss when all that was deleted was known to hold no data (transaction markers), as a group that had read
//   everything is left by retention.
class LagPartitions {
 public:
  using In = LagEvent;
  using Out = LagStanding;

  struct State {
    std::string labels;  // as LagStanding::labels
    LagHistory history;
    LagVerdict verdict = LagVerdict::kUnknown;
    int64_t since_ms = 0;   // of the verdict
    int64_t missed_ms = 0;  // of ticks since the last sample
    auto fields() { return std::tie(labels, history, verdict, since_ms, missed_ms); }
  };

  explicit LagPartitions(const LagJudgingParams& params) : params_(params) {}

  static StateKey key(const LagEvent& in);
  static bool for_all(const LagEvent& in) { return in.kind == LagKind::kTick || in.kind == LagKind::kForgotten; }
  void step(State& state, const LagEvent& in, Emitter<LagStanding>& emit) const;
  void step_all(const StateKey& key, State& state, const LagEvent& in, Emitter<LagStanding>& emit) const;
  void after_all(const LagEvent& in, Emitter<LagStanding>& emit) const;
  int64_t idle_ms() const;
  static constexpr uint32_t kStateVersion = 1;

 private:
  LagStanding judge(const StateKey& key, State& state, const LagTick& tick) const;
  LagVerdict verdict_of(const LagHistory& history, LagStanding& out) const;
  int64_t allowed_records(const LagStanding& standing) const;

  LagJudgingParams params_;
};

}  // namespace headroom
