#pragma once

#include <cstdint>
#include <string_view>

#include "engine/outbox.h"
#include "engine/ports.h"
#include "engine/task.h"

namespace headroom {

// What a worker tells about itself while it works, for metrics; called from the worker's thread. Nothing here may influence the worker. The
// default does nothing.
class WorkerProbe {
 public:
  virtual ~WorkerProbe() = default;
  virtual void on_batch(uint64_t records, int64_t duration_us) { (void)records, (void)duration_us; }
  virtual void on_commit(CommitOutcome outcome, int64_t duration_us) { (void)outcome, (void)duration_us; }
  // One output record became visible; wall time at which its commit was known.
  virtual void on_output(const OutRecord& record, int64_t committed_ms) { (void)record, (void)committed_ms; }
  virtual void on_checkpoint(std::string_view outcome, uint64_t pages, uint64_t bytes, int64_t duration_us) {
    (void)outcome, (void)pages, (void)bytes, (void)duration_us;
  }
  // What checkpoints held the loop for, between two batches.
  virtual void on_checkpoint_work(int64_t duration_us) { (void)duration_us; }
  virtual void on_restore(uint64_t bytes, int64_t duration_us) { (void)bytes, (void)duration_us; }
  virtual void on_replay(uint64_t records, int64_t duration_us) { (void)records, (void)duration_us; }
  virtual void on_rebalance(bool lost) { (void)lost; }
  virtual void on_takeover() {}
  virtual void on_gap(uint64_t records) { (void)records; }           // records that the log had deleted before they were read
  virtual void on_difference(std::string_view lane) { (void)lane; }  // a replay did not give what had been committed
};

}  // namespace headroom
