#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "worker/lane.h"
#include "worker/options.h"
#include "worker/probe.h"

namespace headroom {

// Sends the outbox and the offsets it came from as one commit, and finds out what became of a commit whose answer was lost. Memory is a
// function of the prefix and is never wrong while the lanes are ours: a failed commit costs no state, the same outbox is sent again. The
// worker's thread only.
class Committer {
 public:
  Committer(const WorkerOptions& options, Source& source, Sink& sink, CheckpointStore& store, Clock& clock, WorkerProbe& probe)
      : options_(options), source_(source), sink_(sink), store_(store), clock_(clock), probe_(probe) {}

  enum class Outcome {
    kNothing,     // there was nothing to commit
    kCommitted,   // lanes' `committed` are up to date, the outbox is empty
    kRetry,       // nothing took effect; the same again after a moment
    kUnresolved,  // may have taken effect: call resolve() until it says what; process nothing meanwhile
    kLost,        // the lanes are somebody else's: drop them and the outbox
    kFenced,      // the slot is somebody else's: stop
  };

  Outbox& outbox() { return outbox_; }
  const Outbox& outbox() const { return outbox_; }
  void set_group(std::shared_ptr<GroupMetadata> group) { group_ = std::move(group); }
  bool unresolved() const { return unresolved_; }

  // Commits everything that the lanes have processed. Blocks for the commit itself (bounded by the sink).
  Outcome commit(std::span<const LanePtr> lanes);
  // After kUnresolved: a new producer, then the committed offsets tell.
  Outcome resolve(std::span<const LanePtr> lanes);
  // The lanes are gone: nothing in the outbox outlives the assignment it came from.
  void drop();
  std::string trouble() const { return trouble_; }
  // Wall time at which the last commit was known to have taken effect; 0: none yet.
  int64_t last_commit_ms() const { return last_commit_ms_; }

 private:
  struct Attempt {
    Partition partition;
    Offset offset;
    std::string metadata;
  };
  std::vector<Attempt> attempts(std::span<const LanePtr> lanes) const;
  CommitResult send(const std::vector<Attempt>& attempts);
  Status produce_all();
  Outcome settle(CommitOutcome outcome, std::span<const LanePtr> lanes);
  void adopt(std::span<const LanePtr> lanes);

  const WorkerOptions& options_;
  Source& source_;
  Sink& sink_;
  CheckpointStore& store_;
  Clock& clock_;
  WorkerProbe& probe_;
  Outbox outbox_;
  std::shared_ptr<GroupMetadata> group_;
  std::vector<Attempt> attempt_;
  bool unresolved_ = false;
  bool producer_broken_ = false;
  int64_t last_commit_ms_ = 0;
  std::string trouble_;
};

}  // namespace headroom
