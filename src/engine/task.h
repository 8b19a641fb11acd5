#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/outbox.h"
#include "headroom/lane_identity.h"
#include "headroom/record.h"
#include "headroom/state_store.h"
#include "headroom/status.h"

namespace headroom {

// What one output topic of a lane has got so far.
struct OutputProgress {
  std::string topic;
  uint64_t sequence = 0;  // the last one given
  uint64_t hash = 0;      // running hash of the lane's records to this topic: key, value, headers
  auto operator<=>(const OutputProgress&) const = default;
};

// How far a lane is. Everything here is a function of the input's prefix (and of the incarnation).
struct Progress {
  Offset next_offset = 0;          // C: the position up to which everything was processed
  Offset last_record_offset = -1;  // the last record before it, and its broker timestamp
  int64_t last_record_timestamp = -1;
  int64_t time_ms = INT64_MIN;          // the lane's greatest event time (samples and ticks)
  std::vector<OutputProgress> outputs;  // sorted by topic
};

// Counts of a task since it was made, for metrics. Not part of its function.
struct TaskCounts {
  uint64_t records = 0;
  uint64_t values = 0;
  uint64_t ticks = 0;
  uint64_t repeated_offsets = 0;                           // records below next_offset, dropped
  std::vector<std::pair<std::string, uint64_t>> rejected;  // by reason
  uint64_t dropped_stores = 0;                             // of checkpoints: states of operators that the topology has no more
};

// One topology on one partition: decoder, operators' states, progress. One thread. process() cannot fail.
class Task {
 public:
  virtual ~Task() = default;

  virtual const LaneIdentity& identity() const = 0;
  virtual void set_incarnation(uint64_t incarnation) = 0;

  // Takes the records through the topology; outputs are appended in order, with their sequences. Records below progress().next_offset are
  // dropped and counted. The result is the same however the input is cut into batches.
  virtual void process(const Batch& batch, Outbox& out) = 0;
  // The log goes on at `position` without records before it (markers, holes).
  virtual void advance_to(Offset position) = 0;
  // Records at these offsets go to the rejected topic with reason `skipped` instead of being processed.
  virtual void set_skips(std::vector<Offset> offsets) = 0;

  virtual const Progress& progress() const = 0;
  // Takes over sequences and hashes that were found elsewhere (offset metadata, output topics) and the place to go on from.
  virtual void set_outputs(std::vector<OutputProgress> outputs) = 0;
  virtual void set_next_offset(Offset offset) = 0;

  // By PageId::store. load_core() may change the list: it takes over the order of the checkpoint.
  virtual std::span<StateStore* const> stores() = 0;
  // Progress and the engine's own state (reject sampling, sweep positions, store names and versions, page counts), with format and
  // checksum. Belongs to the pages of a snapshot when taken at the same moment as StateStore::begin_snapshot().
  virtual std::string save_core() const = 0;
  // Then load_page() of every page that the manifest names, then finish_load() of every store; on any failure reset().
  // kCorrupt: bad bytes. kSchema: a format, store or state version that this binary does not know.
  virtual Status load_core(std::string_view bytes) = 0;
  // As new: no states, no progress.
  virtual void reset() = 0;

  virtual TaskCounts counts() const = 0;
};

}  // namespace headroom
