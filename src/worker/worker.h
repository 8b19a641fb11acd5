#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "headroom/topology.h"
#include "worker/checkpointer.h"
#include "worker/committer.h"
#include "worker/lane.h"
#include "worker/options.h"
#include "worker/probe.h"
#include "worker/recovery.h"

namespace headroom {

// What a lane looks like from outside.
struct LaneStatus {
  std::string lane;
  LanePhase phase = LanePhase::kOffsets;
  std::string trouble;
  std::string pause_reason;
  Offset next_offset = 0;
  Offset committed = -1;
  Offset checkpoint = -1;
  Offset log_end = -1;
  uint64_t replay_debt_records = 0;
  int64_t checkpoint_age_ms = 0;
  int64_t watermark_ms = INT64_MIN;       // the lane's greatest event time
  int64_t last_record_timestamp_ms = -1;  // Kafka's, of the last record processed
  uint64_t keys = 0;
  TaskCounts counts;
};

struct WorkerStatus {
  bool assigned = false;  // has heard from the group at least once
  bool store_connected = false;
  std::string trouble;  // why it does not read or commit; empty when it does
  std::vector<LaneStatus> lanes;
};

// One thread: a consumer, a producer, a connection to the store, and the lanes that the group gave it. The loop is plain: poll, process,
// commit, and between batches a little of recovery and checkpoints. Everything outside is behind ports, so that the simulator runs this
// very code. run() and what it calls belong to one thread; request_stop() and status() may be called from any.
class Worker : private RebalanceListener {
 public:
  Worker(const Topology& topology, WorkerOptions options, Source& source, Sink& sink, CheckpointStore& store, Clock& clock,
         WorkerProbe& probe);

  // Fences this slot's past and joins the group. kUnavailable, kTimeout: may be called again.
  Status start();
  // One turn of the loop, at most about `wait_ms` long when nothing happens. Not ok: a final fault; the worker must be destroyed.
  Status step(int wait_ms);
  // start, step until asked to stop, then stop().
  Status run();
  // In order: commits, checkpoints, and leaves the group (`keep_slot`: stays in it, for a restart in place). Bounded by stop_timeout, or
  // what was left of it.
  Status stop(bool keep_slot);

  // `within_ms`: when less than stop_timeout is left, as after a spot notice.
  void request_stop(bool keep_slot, int64_t within_ms = INT64_MAX) {
    keep_slot_ = keep_slot;
    stop_within_ms_ = within_ms;
    stop_requested_ = true;
  }
  WorkerStatus status() const;

  // For the simulator's checks; the worker's thread only.
  const std::vector<LanePtr>& lanes() const { return lanes_; }
  const Outbox& outbox() const { return committer_.outbox(); }

 private:
  void on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> group) override;
  void on_revoked(std::span<const Partition> partitions, bool lost) override;

  LanePtr make_lane(Partition partition) const;
  LanePtr find(Partition partition) const;
  void drop_lanes();
  Status read(int wait_ms);
  void process(Lane& lane, const Batch& batch);
  void process_live(Lane& lane, const Batch& batch);
  void process_carefully(Lane& lane, const Batch& batch);
  void process_replay(Lane& lane, const Batch& batch);
  void keep_unsent(Lane& lane, Outbox&& outputs);
  void drop_held(Lane& lane, Outbox& outbox, size_t from);
  void follow_position(Lane& lane);
  void end_replays();
  Status skip_deleted();
  void begin_live(Lane& lane);
  void announce(Lane& lane, std::optional<AttemptMark> mark, bool wait);
  void look_at_paused();
  std::string hold_reason() const;
  Status choose_reading();
  bool commit_due() const;
  Status commit();
  Status handle(Committer::Outcome outcome);
  bool something_to_commit() const;
  bool outbox_full() const;
  void publish();
  void note_trouble(const std::string& trouble);

  const Topology& topology_;
  const WorkerOptions options_;
  Source& source_;
  Sink& sink_;
  CheckpointStore& store_;
  Clock& clock_;
  WorkerProbe& probe_;
  Committer committer_;
  Checkpointer checkpointer_;
  Recovery recovery_;

  std::vector<LanePtr> lanes_;            // of the assignment, by partition
  std::map<Partition, LanePtr> parked_;   // revoked in order, kept until the next assignment
  std::vector<Partition> reading_;        // what Source::assign was last told
  std::vector<Partition> wanted_;         // of choose_reading(), which runs at each step
  std::vector<PartitionOffset> offsets_;  // and where they go on
  bool reassign_ = false;
  bool assigned_ = false;
  std::string hold_;
  bool full_batch_ = false;    // of the last read()
  bool read_nothing_ = false;  // likewise
  int64_t last_commit_us_ = 0;
  int64_t first_output_us_ = 0;  // of the outbox; 0: empty
  int64_t retry_commit_at_us_ = 0;
  int64_t published_us_ = 0;
  int64_t stop_deadline_us_ = INT64_MAX;
  std::optional<Status> final_fault_;

  std::atomic<bool> stop_requested_{false};
  std::atomic<bool> keep_slot_{false};
  std::atomic<int64_t> stop_within_ms_{INT64_MAX};
  mutable std::mutex status_mutex_;
  WorkerStatus status_;
};

}  // namespace headroom
