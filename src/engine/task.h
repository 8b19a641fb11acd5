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
#include "headroom/record.h"
#include "headroom/status.h"

namespace headroom {

// One finished page of a snapshot.
struct PageImage {
  uint32_t page = 0;
  std::string bytes;   // with a header (format, store version, checksum); empty: the page holds no state any more
};

// The states of one operator in one task, as pages. One thread.
//
// A snapshot is the state as of begin_snapshot(), written page by page between batches: a state that a batch changes before its page's turn is
// copied first. Pages are slabs of slots; the layout is a function of the task's input alone.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual std::string_view name() const = 0;
  virtual uint32_t version() const = 0;
  virtual uint64_t key_count() const = 0;
  virtual uint32_t page_count() const = 0;

  // Starts a snapshot of the pages that changed since the last confirmed one (`whole`: of all). Aborts when one is under way.
  virtual void begin_snapshot(bool whole) = 0;
  virtual bool snapshotting() const = 0;
  // Serialises about `budget_bytes` more; a page when one became complete, none when the budget ran out or nothing is left.
  virtual std::optional<PageImage> next_page(size_t budget_bytes) = 0;
  virtual bool snapshot_finished() const = 0;  // all pages were handed out
  // The pages handed out are safe (or not: then they count as changed again).
  virtual void end_snapshot(bool confirmed) = 0;
  // Copies of old states held for pages that wait for their turn.
  virtual size_t copied_bytes() const = 0;

  // Restore, into a store that is empty: any order of pages.
  virtual Status load_page(uint32_t page, std::string_view bytes) = 0;
  // After the last page: the indexes and free lists.
  virtual Status finish_load() = 0;
  // Fields of a newer binary that load_page passed over.
  virtual uint64_t dropped_fields() const = 0;
};

// What one output topic of a lane has got so far.
struct OutputProgress {
  std::string topic;
  uint64_t sequence = 0;  // the last one given
  uint64_t hash = 0;      // running hash of the lane's records to this topic: key, value, headers
  auto operator<=>(const OutputProgress&) const = default;
};

// How far a lane is. Everything here is a function of the input's prefix (and of the incarnation).
struct Progress {
  Offset next_offset = 0;             // C: the position up to which everything was processed
  Offset last_record_offset = -1;     // the last record before it, and its broker timestamp
  int64_t last_record_timestamp = -1;
  int64_t time_ms = INT64_MIN;        // the lane's greatest event time (samples and ticks)
  std::vector<OutputProgress> outputs;  // sorted by topic
};

// Counts of a task since it was made, for metrics. Not part of its function.
struct TaskCounts {
  uint64_t records = 0;
  uint64_t values = 0;
  uint64_t ticks = 0;
  uint64_t repeated_offsets = 0;  // records below next_offset, dropped
  std::vector<std::pair<std::string, uint64_t>> rejected;  // by reason
};

// Names that outputs carry.
struct LaneIdentity {
  std::string installation;
  std::string topology;
  Partition partition = 0;
  uint64_t incarnation = 1;

  std::string lane() const { return topology + "/" + std::to_string(partition); }                            // on the wire
  std::string full_name() const { return installation + "." + topology + "/" + std::to_string(partition); }  // in the store
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

  virtual std::span<StateStore* const> stores() = 0;
  // Progress and the engine's own state (reject sampling, sweep positions, store names and versions, page counts), with format and checksum.
  virtual std::string save_core() const = 0;
  // kCorrupt: bad bytes. kSchema: a format, store or state version that this binary does not know.
  virtual Status load_core(std::string_view bytes) = 0;
  // As new: no states, no progress.
  virtual void reset() = 0;

  virtual TaskCounts counts() const = 0;
};

}  // namespace headroom
