#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "operators/scaling_standing.h"

namespace headroom::testing {

struct SimulatedGroupOptions {
  int64_t partitions = 60;
  double rate_of_one = 1000;                                     // records a second that a consumer reads when it has enough
  double rate_of_all = std::numeric_limits<double>::infinity();  // that all together read: a database behind them
  int64_t start_up_s = 60;                                       // from the command until the consumer joins
  int64_t rebalance_s = 5;                                       // in which nobody reads
  int64_t commit_s = 5;
  int64_t backlog = 0;  // records at the start
  bool heeds = true;
  std::function<double(int64_t)> produced;  // records a second, at this second
};

// A consumer group and its producer, second by second, scaled by LagScaling whose commands it heeds. Partitions get equal shares of what is
// produced and are dealt to the consumers in turn.
class SimulatedGroup {
 public:
  SimulatedGroup(SimulatedGroupOptions options, const LagScalingParams& params)
      : options_(std::move(options)), scaler_(params), partitions_(static_cast<size_t>(options_.partitions)) {
    for (Partition& partition : partitions_) {
      partition.read = partition.committed = 0;
      partition.produced = static_cast<double>(options_.backlog) / static_cast<double>(options_.partitions);
    }
  }

  void run(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) second();
  }

  int64_t now_s() const { return now_s_; }
  int64_t consumers() const { return consumers_; }
  int64_t lag_records() const {
    double sum = 0;
    for (const Partition& partition : partitions_) sum += partition.produced - partition.read;
    return static_cast<int64_t>(sum);
  }
  const std::vector<ScaleAction>& commands() const { return scaler_.commands(); }
  const ScaleAssessment& last() const { return scaler_.last(); }
  int64_t most_consumers() const { return most_consumers_; }
  int64_t consumer_seconds() const { return consumer_seconds_; }
  // Changes of direction among the commands.
  int64_t turns() const {
    int64_t turns = 0;
    for (size_t i = 1; i < commands().size(); ++i) turns += commands()[i].code != commands()[i - 1].code ? 1 : 0;
    return turns;
  }

 private:
  struct Partition {
    double produced = 0;
    double read = 0;
    double committed = 0;
  };
  struct Snapshot {
    double produced = 0;
    double committed = 0;
  };

  void second() {
    heed();
    read();
    for (Partition& partition : partitions_) {
      partition.produced += options_.produced(now_s_) / static_cast<double>(options_.partitions);
      if (now_s_ % options_.commit_s == 0) partition.committed = partition.read;
    }
    ++now_s_;
    consumer_seconds_ += consumers_;
    if (now_s_ % 5 == 0) tick();
  }

  void heed() {
    if (coming_ && now_s_ >= coming_at_s_) {
      consumers_ = *coming_;
      coming_.reset();
      rebalanced_at_s_ = now_s_ + options_.rebalance_s;
      most_consumers_ = std::max(most_consumers_, consumers_);
    }
    if (!options_.heeds || commands().size() == heeded_) return;
    heeded_ = commands().size();
    coming_ = commands().back().desired;
    // Consumers are taken away at once.
    coming_at_s_ = now_s_ + (*coming_ > consumers_ ? options_.start_up_s : 0);
  }

  void read() {
    if (now_s_ < rebalanced_at_s_) return;
    const auto readers = std::min<int64_t>(consumers_, options_.partitions);
    std::vector<double> left(static_cast<size_t>(readers),
                             std::min(options_.rate_of_one, options_.rate_of_all / static_cast<double>(readers)));
    for (size_t p = 0; p < partitions_.size(); ++p) {
      double& of_reader = left[p % left.size()];
      const double share = of_reader / static_cast<double>((partitions_.size() - p - 1) / left.size() + 1);
      const double taken = std::min(share, partitions_[p].produced - partitions_[p].read);
      partitions_[p].read += taken;
      of_reader -= taken;
    }
  }

  // What a source and the judging would say now: rates over the last minute, by commits.
  void tick() {
    Snapshot now;
    int64_t behind = 0;
    const double of_one = std::max(options_.produced(now_s_) / static_cast<double>(options_.partitions), 0.001);
    for (const Partition& partition : partitions_) {
      now.produced += partition.produced;
      now.committed += partition.committed;
      const double lag_s = (partition.produced - partition.committed) / of_one;
      if (lag_s > static_cast<double>(options_.commit_s + 5)) ++behind;
    }
    history_.push_back(now);
    if (history_.size() > 13) history_.erase(history_.begin());
    const double seconds = std::max(5.0 * static_cast<double>(history_.size() - 1), 5.0);
    scaler_.tick([&](LagGroupStanding& standing) {
      standing.partitions = standing.widest_topic = standing.assigned.emplace(options_.partitions);
      standing.members = static_cast<int32_t>(consumers_);
      standing.behind = standing.assigned_behind = behind;
      standing.lag_records = static_cast<int64_t>(now.produced - now.committed);
      standing.produced_milli = static_cast<int64_t>((now.produced - history_.front().produced) / seconds * 1000);
      standing.consumed_milli = static_cast<int64_t>((now.committed - history_.front().committed) / seconds * 1000);
      standing.group_state = now_s_ < rebalanced_at_s_ ? "PreparingRebalance" : "Stable";
    });
  }

  SimulatedGroupOptions options_;
  ScaledGroup scaler_;
  std::vector<Partition> partitions_;
  std::vector<Snapshot> history_;
  int64_t now_s_ = 0;
  int64_t consumers_ = 1;
  int64_t most_consumers_ = 1;
  int64_t consumer_seconds_ = 0;
  std::optional<int64_t> coming_;
  int64_t coming_at_s_ = 0;
  int64_t rebalanced_at_s_ = 0;
  size_t heeded_ = 0;
};

}  // namespace headroom::testing
