#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/outbox.h"
#include "headroom/record.h"
#include "headroom/status.h"

// The outside, as the worker sees it: a log that is read (Source), a log that is written (Sink), a store for checkpoints (CheckpointStore)
// and time (Clock). src/kafka and src/redis implement them over real servers, tests/sim over models. All are called from the worker's one
// thread only; none throws. A port does one outside step a call and keeps no policy: what to do about an outcome is the worker's business.
namespace headroom {

// Time for deadlines, metrics and logs; never for decisions.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t wall_ms() const = 0;    // Unix milliseconds
  virtual int64_t steady_us() const = 0;  // monotonic microseconds
};

struct PartitionOffset {
  Partition partition = 0;
  Offset offset = 0;
};

// What the group's coordinator holds of a partition.
struct Committed {
  Partition partition = 0;
  std::optional<Offset> offset;  // none: nothing committed, or expired
  std::string metadata;
};

struct OffsetCommit {
  Partition partition = 0;
  Offset offset = 0;
  std::string metadata;  // text without NUL, under 4096 bytes
};

struct LogBounds {
  Offset start = 0;
  Offset end = 0;  // under read_committed the last stable offset
};

// Member id and generation of one assignment: taken once in the assignment callback and used for every commit of that assignment.
class GroupMetadata {
 public:
  virtual ~GroupMetadata() = default;
};

class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  // The group gave this member exactly these partitions. Called inside Source::poll; the listener must call Source::assign before it
  // returns.
  virtual void on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> group) = 0;
  // All partitions are taken back. `lost`: others may own them already, nothing may be committed any more.
  virtual void on_revoked(std::span<const Partition> partitions, bool lost) = 0;
};

// What the output topics hold of one lane: its last sequence a topic, and the largest input offset that any record names.
struct LaneOutputs {
  struct Topic {
    uint64_t sequence = 0;
    uint64_t incarnation = 0;
    Offset input_offset = -1;
  };
  std::map<std::string, Topic> topics;
};

class Source {
 public:
  virtual ~Source() = default;

  virtual Status subscribe(RebalanceListener& listener) = 0;

  // Waits up to `timeout_ms` for something to happen, serves rebalances through the listener, and returns at most `max_records` records as
  // one Batch a partition. Batches and their records stay valid until the next poll. kFenced: the slot was taken by another member.
  // kUnavailable is not reported here (a broker that is away gives no records); only final faults are.
  virtual Result<std::span<const Batch>> poll(int timeout_ms, size_t max_records) = 0;

  // From now on reads exactly these partitions from exactly these offsets; others of the assignment stay owned but unread. May be called at
  // any time while assigned. Records fetched under an older call are never returned after it.
  virtual Status assign(std::span<const PartitionOffset> partitions) = 0;

  // The position of a partition being read: where the next record can come from, past markers and holes. none: not known yet.
  virtual std::optional<Offset> position(Partition partition) = 0;

  // The log's end as last heard with a fetch, for metrics; costs nothing.
  virtual std::optional<Offset> log_end(Partition partition) = 0;

  virtual bool assignment_lost() = 0;

  // Offsets with their metadata. `stable`: waits for open transactions of the group to end and gives kTimeout when one stays open.
  // Not stable: the last completed commit, at once.
  virtual Result<std::vector<Committed>> committed(std::span<const Partition> partitions, bool stable, int timeout_ms) = 0;

  virtual Result<LogBounds> bounds(Partition partition, int timeout_ms) = 0;

  // The broker timestamp of the record at exactly this offset; none where there is no record any more (marker, compacted, deleted).
  virtual Result<std::optional<int64_t>> timestamp_at(Partition partition, Offset offset, int timeout_ms) = 0;

  // The first offset whose record has this timestamp or a later one; the log's end when there is none.
  virtual Result<Offset> offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) = 0;

  // Whether the group still lists a member of this slot.
  virtual Result<bool> group_lists_slot(std::string_view slot, int timeout_ms) = 0;

  // Reads the output topics (committed records) and says what they hold of the lanes named. Slow: only for recovery without offsets.
  virtual Result<std::map<std::string, LaneOutputs>> scan_outputs(std::span<const std::string> lanes, int timeout_ms) = 0;

  // The number of partitions of the input topic, as last heard; 0 when unknown.
  virtual int partition_count() = 0;

  // Leaves the group: unsubscribes, serves the revocation through the listener, waits until the leave went out.
  virtual void leave(int timeout_ms) = 0;
};

// The outcome of an end of transaction (or of a plain offset commit).
enum class CommitOutcome {
  kCommitted,  // done, known
  kAborted,    // nothing of it took effect, known; the producer is good for another transaction
  kUnknown,    // may or may not have taken effect; the producer must be made anew before the next transaction
  kLost,       // nothing took effect: the group does not know this member or generation any more; lanes must be dropped
  kFenced,     // another producer has this slot's transactional.id
};

// As in metrics.
constexpr std::string_view outcome_name(CommitOutcome outcome) {
  switch (outcome) {
    case CommitOutcome::kCommitted:
      return "committed";
    case CommitOutcome::kAborted:
      return "aborted";
    case CommitOutcome::kUnknown:
      return "unknown";
    case CommitOutcome::kLost:
      return "lost";
    case CommitOutcome::kFenced:
      return "fenced";
  }
  return "unknown";
}

struct CommitResult {
  CommitOutcome outcome = CommitOutcome::kCommitted;
  std::string detail;  // for a person, when not committed
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Makes the producer (anew) and, for exactly_once, fences this slot's past and ends its open transaction. kTimeout, kUnavailable: again.
  virtual Status open(int timeout_ms) = 0;

  // exactly_once only: ends the open transaction of another, dead slot by taking over its transactional.id for a moment.
  virtual Status end_transaction_of(std::string_view slot, int timeout_ms) = 0;

  // One commit, in order: begin, produce each record, send_offsets, commit; abort at any point before commit. In at_least_once mode begin
  // and abort do nothing, send_offsets remembers, and commit waits for the records' acknowledgements and then commits the offsets.
  virtual Status begin() = 0;
  // kExhausted: the client's queue is full, try again after a moment. Copies what it needs.
  virtual Status produce(const OutRecord& record) = 0;
  virtual CommitResult send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) = 0;
  virtual CommitResult commit() = 0;
  virtual CommitResult abort() = 0;
};

// A page of a task's state: which operator's store, and which page of it.
struct PageId {
  uint32_t store = 0;
  uint32_t page = 0;
  auto operator<=>(const PageId&) const = default;
};

// The one thing in the store that makes a checkpoint valid: it names the pages.
struct Manifest {
  std::string owner;  // random tag of the flip that wrote it
  uint64_t epoch = 0;
  std::string core;  // the lane's progress and engine state, with its checksum; see engine/task.h
  std::map<PageId, std::string> pages;
};

struct Flip {
  // The manifest that this one replaces: its owner tag. none: write the whole anew, whatever an owner of no newer epoch left.
  std::optional<std::string> expected_owner;
  std::string owner;
  uint64_t epoch = 0;
  std::string core;
  std::vector<std::pair<PageId, std::string>> changed;  // page -> name of the page written before
  std::vector<PageId> dropped;                          // pages that exist no more
};

enum class FlipOutcome {
  kDone,
  kOtherManifest,  // missing, or not the expected one: write all pages anew
  kPageMissing,    // a page that it names is gone: write all pages anew
  kNewerEpoch,     // a newer owner has written: stop checkpointing this lane
};

// Left by the owner of a lane while it runs, deleted when it leaves in order: a mark that is found says that the last owner died. After a
// death the records that may have caused it are taken one by one, each named here first, so that the third death names its record.
struct AttemptMark {
  Offset offset = 0;  // being processed when deaths > 0, otherwise where the owner started
  int deaths = 0;     // known to have happened at this offset, the one that this mark may announce included
};

// The checkpoint store. Requests are queued and answered by `done`, each exactly once, from within poll(): kUnavailable when the connection
// was lost first (the request may or may not have taken effect). Never blocks. `lane` is the full lane name,
// "installation.topology/partition".
class CheckpointStore {
 public:
  template <class T>
  using Done = std::function<void(T)>;

  virtual ~CheckpointStore() = default;

  // Sends, receives, reconnects with back-off, runs completions. Call between batches.
  virtual void poll() = 0;
  // Waits up to `timeout_ms` for the connection to have something to do, then polls. For start-up and shutdown.
  virtual void wait(int timeout_ms) = 0;
  virtual bool connected() const = 0;
  // Why not connected, for /readyz; empty when connected.
  virtual std::string trouble() const = 0;
  // Bytes of requests queued and not yet answered.
  virtual size_t pending_bytes() const = 0;

  virtual void read_manifest(const std::string& lane, Done<Result<std::optional<Manifest>>> done) = 0;
  // kNotFound: no such page.
  virtual void read_page(const std::string& lane, const std::string& name, Done<Result<std::string>> done) = 0;
  // Writes a page that nobody names yet, with a lifetime of 10 minutes.
  virtual void write_page(const std::string& lane, const std::string& name, std::string bytes, Done<Status> done) = 0;
  // Atomically: checks, replaces the manifest, makes its pages permanent, deletes those superseded.
  virtual void flip(const std::string& lane, Flip flip, Done<Result<FlipOutcome>> done) = 0;

  virtual void read_mark(const std::string& lane, Done<Result<std::optional<AttemptMark>>> done) = 0;
  // none deletes the mark.
  virtual void write_mark(const std::string& lane, std::optional<AttemptMark> mark, Done<Status> done) = 0;
  // Offsets that an operator told this lane to pass (`headroom state skip`), ascending.
  virtual void read_skips(const std::string& lane, Done<Result<std::vector<Offset>>> done) = 0;
  virtual void add_skip(const std::string& lane, Offset offset, Done<Status> done) = 0;
};

}  // namespace headroom
