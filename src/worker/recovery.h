#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/ports.h"
#include "worker/lane.h"
#include "worker/options.h"
#include "worker/probe.h"

namespace headroom {

// Brings lanes to where the last owner committed: asks Kafka for the offset, the store for the manifest, decides by the table of
// ARCHITECTURE.md, loads pages and prepares the replay. The records of the replay come through the worker's ordinary loop; it ends with
// finish_replay(). Asks blocking questions of Kafka (each bounded); never waits for the store. The worker's thread only.
class Recovery {
 public:
  Recovery(const WorkerOptions& options, const class Topology& topology, Source& source, Sink& sink, CheckpointStore& store, Clock& clock,
           WorkerProbe& probe)
      : options_(options), topology_(topology), source_(source), sink_(sink), store_(store), clock_(clock), probe_(probe) {}

  // A step for each lane that is not yet replaying or live. True when a lane changed its phase.
  bool advance(std::span<const LanePtr> lanes);

  // The replay reached the plan's target: sequences are compared or taken over. The lane is live afterwards.
  void finish_replay(Lane& lane);

  void pause(Lane& lane, std::string_view reason, const std::string& trouble, Offset at = -1);

 private:
  void read_offsets(std::span<const LanePtr> lanes);
  void adopt_offsets(Lane& lane, const Committed& committed);
  Result<std::vector<Committed>> stable_offsets(std::span<const Partition> partitions);
  void end_dead_transactions(std::span<const Committed> committed);
  void ask_store(const LanePtr& lane);
  void wait_for_store(const LanePtr& lane);
  void decide(const LanePtr& lane);
  Status plan(Lane& lane);
  Status plan_from_metadata(Lane& lane, const LogBounds& bounds, Offset offset);
  Status plan_from_offset_alone(Lane& lane, const LogBounds& bounds, Offset offset);
  Status plan_without_offset(Lane& lane, const LogBounds& bounds);
  Status plan_rebuild(Lane& lane, const LogBounds& bounds, std::string_view why);
  Result<bool> same_log(Lane& lane, const LogBounds& bounds, Offset offset);
  Result<bool> is_of_this_log(const Lane& lane);
  Result<LaneOutputs> outputs_of(Lane& lane);
  bool load_core(Lane& lane);
  void start_plan(const LanePtr& lane, const LogBounds& bounds);
  void ask_pages(const LanePtr& lane);
  void load_pages(const LanePtr& lane);
  void start_replay(Lane& lane);
  void go_on_after_held(Lane& lane) const;
  void retry(Lane& lane, const std::string& trouble, int64_t after_ms = 500);

  const WorkerOptions& options_;
  const Topology& topology_;
  Source& source_;
  Sink& sink_;
  CheckpointStore& store_;
  Clock& clock_;
  WorkerProbe& probe_;
};

}  // namespace headroom
