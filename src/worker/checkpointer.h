#pragma once

#include <span>

#include "engine/ports.h"
#include "worker/lane.h"
#include "worker/options.h"
#include "worker/probe.h"

namespace headroom {

// Writes lanes' checkpoints beside the loop: pages a little at a time between batches, then one flip of the manifest. A checkpoint is the
// state as of an offset already committed; it may fail at any point and costs nothing but a longer replay. The worker's thread only.
class Checkpointer {
 public:
  Checkpointer(const WorkerOptions& options, CheckpointStore& store, Clock& clock, WorkerProbe& probe)
      : options_(options), store_(store), clock_(clock), probe_(probe) {}

  // Right after a commit, when states are those of the committed offset: starts what is due.
  void start_due(std::span<const LanePtr> lanes);
  // Starts one for each lane that has something new, whatever its age.
  void start_all(std::span<const LanePtr> lanes);
  // Serialises and sends more, for about `budget_us`. Returns at once when the store is behind.
  void advance(std::span<const LanePtr> lanes, int64_t budget_us);
  bool running(std::span<const LanePtr> lanes) const;
  // Drops what is under way of a lane that goes (its pages expire by themselves).
  void abandon(Lane& lane);

  // The bytes that wait for the store, copies included.
  size_t waiting_bytes(std::span<const LanePtr> lanes) const;
  // How long replaying what came since the last checkpoint would take, by the measured cost of a record.
  int64_t replay_debt_us(const Lane& lane) const {
    return static_cast<int64_t>(static_cast<double>(lane.checkpoint.records_since) * record_cost_us_);
  }
  // Tells what a batch cost.
  void note_cost(uint64_t records, int64_t duration_us);

 private:
  bool due(const Lane& lane, int64_t now_us) const;
  void start(const LanePtr& lane);
  void advance_lane(const LanePtr& lane, int64_t until_us);
  void write(const LanePtr& lane, PageId id, std::string bytes);
  void flip(const LanePtr& lane);
  void finish(Lane& lane, std::string_view outcome, bool done);
  std::string next_name();

  const WorkerOptions& options_;
  CheckpointStore& store_;
  Clock& clock_;
  WorkerProbe& probe_;
  uint64_t counter_ = 0;
  double record_cost_us_ = 1.0;
  size_t turn_ = 0;
};

}  // namespace headroom
