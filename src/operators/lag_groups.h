#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "headroom/operator.h"
#include "operators/lag_group_standing.h"
#include "operators/lag_standing.h"

namespace headroom {

// The latest context of a group, whose strings are its own.
struct GroupContext {
  int64_t time_ms = 0;  // 0: none
  std::string cluster;
  std::string group;
  std::string target;
  std::optional<double> lying_factor_cores;
  std::optional<double> cpu_used_ratio;
  std::string host;
  std::optional<double> host_cpu_ratio;
  auto fields() { return std::tie(time_ms, cluster, group, target, lying_factor_cores, cpu_used_ratio, host, host_cpu_ratio); }
};

// What the standings of one tick add up to.
struct GroupSum {
  // Partitions of a topic, by the hash of its name.
  struct Topic {
    uint64_t hash = 0;
    int64_t partitions = 0;
    auto fields() { return std::tie(hash, partitions); }
  };
  static constexpr size_t kMostTopics = 4096;  // those beyond do not count for the widest

  std::string labels;
  LagVerdict verdict = LagVerdict::kOk;
  std::string worst_topic;
  int32_t worst_partition = 0;
  int64_t worst_lag_records = -1;  // -1: not known
  int64_t partitions = 0;
  std::vector<Topic> topics;
  std::optional<int64_t> assigned;
  std::optional<int64_t> lag_records;
  std::optional<int64_t> max_lag_ms;
  std::optional<int64_t> produced_milli;
  std::optional<int64_t> consumed_milli;
  bool catches_up = true;  // no partition is known that never will, or of which it is not known
  int64_t catch_up_ms = 0;
  std::optional<int64_t> loss_ms;
  int64_t lost_records = 0;
  int64_t behind = 0;
  int64_t assigned_behind = 0;
  int64_t missing = 0;
  int64_t sample_ms = 0;  // of the sample that members and state are of
  std::optional<int32_t> members;
  uint8_t group_state = 0;
  auto fields() {
    return std::tie(labels, verdict, worst_topic, worst_partition, worst_lag_records, partitions, topics, assigned, lag_records, max_lag_ms,
                    produced_milli, consumed_milli, catches_up, catch_up_ms, loss_ms, lost_records, behind, assigned_behind, missing,
                    sample_ms, members, group_state);
  }

  void add(const LagStanding& in);
  // As new, but for the room that it has taken.
  void clear();
};

// Puts the partitions of a group together: at each tick one LagGroupStanding for every group that had one, in an order that is a function
// of the log. A group is its worst partition, in the order of LagVerdict. Partitions whose verdict is unknown count as partitions and with
// what is known of them. A context is remembered for an hour. A group that is forgotten is told once, as such, and its state emptied.
class LagGroups {
 public:
  using In = LagStanding;
  using Out = LagGroupStanding;

  struct State {
    GroupSum sum;
    GroupContext context;
    bool known = false;  // had a partition since it was last forgotten
    LagVerdict verdict = LagVerdict::kUnknown;
    int64_t since_ms = 0;
    // Of the last standing, which views them.
    std::string labels;
    std::string worst_topic;
    auto fields() { return std::tie(sum, context, known, verdict, since_ms, labels, worst_topic); }
  };

  static StateKey key(const LagStanding& in) { return {in.cluster, in.group}; }
  static bool for_all(const LagStanding& in) { return in.kind == StandingKind::kEndOfTick; }
  void step(State& state, const LagStanding& in, Emitter<LagGroupStanding>& emit) const;
  void step_all(const StateKey& key, State& state, const LagStanding& in, Emitter<LagGroupStanding>& emit) const;
  void after_all(const LagStanding&, Emitter<LagGroupStanding>&) const {}
  int64_t idle_ms() const { return 25 * 3'600'000; }
  static constexpr uint32_t kStateVersion = 1;
};

}  // namespace headroom
