#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/ports.h"

namespace headroom::kit {

// Simulated time: moves only when told.
class ModelClock : public Clock {
 public:
  int64_t wall_ms() const override { return wall_at_start_ms_ + us_ / 1000; }
  int64_t steady_us() const override { return us_; }
  void advance_us(int64_t us) { us_ += us; }
  // Somebody sets the machine's clock.
  void step_wall_ms(int64_t ms) { wall_at_start_ms_ += ms; }

 private:
  int64_t us_ = 1'000'000;
  int64_t wall_at_start_ms_ = 1'700'000'000'000;
};

// What a broker with one input topic, any output topics, one consumer group and transactions does, as far as a worker can tell:
// generations, fencing of producers by epoch and of members by generation, open transactions that block stable reads, offsets with
// metadata. In process, one thread, no time of its own. Faults are asked for by the test.
class ModelBroker {
 public:
  struct Stored {
    Offset offset;
    int64_t timestamp_ms;
    std::string key;
    std::string value;
  };

  explicit ModelBroker(int partitions)
      : logs_(static_cast<size_t>(partitions)), ends_(static_cast<size_t>(partitions)), starts_(static_cast<size_t>(partitions)) {}

  // The input log.
  Offset append(Partition partition, std::string key, std::string value, int64_t timestamp_ms);
  void append_gap(Partition partition, Offset offsets) { ends_[static_cast<size_t>(partition)] += offsets; }
  void delete_before(Partition partition, Offset start);
  // The topic made anew: empty, other records at the same offsets from now on.
  void recreate(Partition partition);
  // With what was deleted: batches that were read before still point into it.
  const std::deque<Stored>& log(Partition partition) const { return logs_[static_cast<size_t>(partition)]; }
  LogBounds bounds(Partition partition) const { return {starts_[static_cast<size_t>(partition)], ends_[static_cast<size_t>(partition)]}; }
  int partitions() const { return static_cast<int>(logs_.size()); }

  // What must never happen and did: an offset or an epoch that went back, an output committed before its input.
  const std::vector<std::string>& violations() const { return violations_; }
  uint64_t commits() const { return commits_; }

  // What committed transactions wrote, in order of commit.
  const std::vector<OutRecord>& output() const { return output_; }
  std::map<Partition, Committed>& offsets() { return offsets_; }
  const std::map<Partition, Committed>& offsets() const { return offsets_; }
  // The last outputs of a topic never got there, as may happen without transactions.
  void lose_outputs(const std::string& topic, size_t count);

  // A member's session ends (it is dead, or frozen for too long): the others get its partitions.
  void expire(const std::string& slot);
  bool lists(const std::string& slot) const { return members_.contains(slot); }

  // Nobody has been there for long: offsets and open transactions are gone.
  void expire_offsets();

  // An operator sets the group's offset, as Kafka's own tools do: nobody may be in the group, and what the metadata said is gone.
  void reset_offset(Partition partition, Offset offset);

  // No broker answers: reads fail, commits stay unknown.
  void set_away(bool away) { away_ = away; }
  bool away() const { return away_; }

  // Transactions that were begun before this moment (ModelClock::steady_us) are aborted, as open for longer than transaction.timeout.ms,
  // and their producers fenced. Stable reads do it after ten seconds.
  void time_out_transactions(int64_t begun_before_us);

  // Ends of transactions whose answers were given up arrive now. This version of the protocol knows them by the producer's epoch only: what
  // is open under it then is committed, be it another transaction.
  void deliver_late_commits();

  // A transaction with these offsets that its owner, now dead, has not ended.
  void leave_open(const std::string& slot, std::vector<OffsetCommit> offsets);

  // Faults, each for the next commit only.
  enum class Fault { kNone, kUnknownDone, kUnknownNotDone, kUnknownLate, kAborted };
  void fail_next_commit(Fault fault) { fault_ = fault; }

 private:
  friend class ModelSource;
  friend class ModelSink;

  struct Member {
    uint64_t id = 0;          // of this incarnation of the slot
    uint64_t generation = 0;  // of what it was last given
    std::vector<Partition> owned;
    bool must_revoke = false;
    bool waits = true;  // for an assignment
  };
  struct Producer {
    uint64_t epoch = 0;
    bool open = false;
    std::vector<OutRecord> records;
    std::vector<OffsetCommit> offsets;
    int64_t begun_us = 0;
  };

  struct LateCommit {
    std::string slot;
    uint64_t epoch;
  };

  void start_rebalance();
  void finish_rebalance();
  void take(Producer& producer);
  void check(const Producer& producer) const;
  void check_offset(const OffsetCommit& commit) const;

  std::vector<std::deque<Stored>> logs_;  // records stay where they are while others are appended
  std::vector<Offset> ends_;
  std::vector<Offset> starts_;
  std::vector<OutRecord> output_;
  std::map<Partition, Committed> offsets_;
  std::map<std::string, Member> members_;
  std::map<std::string, Producer> producers_;
  uint64_t generation_ = 0;
  uint64_t next_member_ = 0;
  bool rebalancing_ = false;
  Fault fault_ = Fault::kNone;
  std::vector<LateCommit> late_;
  bool away_ = false;
  uint64_t commits_ = 0;
  mutable std::vector<std::string> violations_;
};

class ModelSource : public Source {
 public:
  ModelSource(ModelBroker& broker, ModelClock& clock, std::string slot) : broker_(broker), clock_(clock), slot_(std::move(slot)) {}

  Status subscribe(RebalanceListener& listener) override;
  Result<std::span<const Batch>> poll(int timeout_ms, size_t max_records) override;
  Status assign(std::span<const PartitionOffset> partitions) override;
  std::optional<Offset> position(Partition partition) override;
  std::optional<Offset> log_end(Partition partition) override { return broker_.bounds(partition).end; }
  bool assignment_lost() override;
  Result<std::vector<Committed>> committed(std::span<const Partition> partitions, bool stable, int timeout_ms) override;
  Result<LogBounds> bounds(Partition partition, int timeout_ms) override;
  Result<std::optional<int64_t>> timestamp_at(Partition partition, Offset offset, int timeout_ms) override;
  Result<Offset> offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) override;
  Result<bool> group_lists_slot(std::string_view slot, int timeout_ms) override;
  Result<std::map<std::string, LaneOutputs>> scan_outputs(std::span<const std::string> lanes, int timeout_ms) override;
  int partition_count() override { return broker_.partitions(); }
  void leave(int) override;

  uint64_t member() const { return member_; }

 private:
  bool serve_rebalance();

  ModelBroker& broker_;
  ModelClock& clock_;
  std::string slot_;
  RebalanceListener* listener_ = nullptr;
  uint64_t member_ = 0;
  std::vector<Partition> owned_;
  std::map<Partition, Offset> reading_;
  std::vector<std::vector<Record>> records_;
  std::vector<Batch> batches_;
};

class ModelGroupMetadata : public GroupMetadata {
 public:
  ModelGroupMetadata(std::string slot_name, uint64_t member_id, uint64_t generation_id)
      : slot(std::move(slot_name)), member(member_id), generation(generation_id) {}
  std::string slot;
  uint64_t member;
  uint64_t generation;
};

class ModelSink : public Sink {
 public:
  ModelSink(ModelBroker& broker, ModelClock& clock, std::string slot) : broker_(broker), clock_(clock), slot_(std::move(slot)) {}

  Status open(int) override;
  Status end_transaction_of(std::string_view slot, int) override;
  Status begin() override;
  Status produce(const OutRecord& record) override;
  CommitResult send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) override;
  CommitResult commit() override;
  CommitResult abort() override;

 private:
  ModelBroker::Producer* mine();

  ModelBroker& broker_;
  ModelClock& clock_;
  std::string slot_;
  uint64_t epoch_ = 0;
};

}  // namespace headroom::kit
