#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/offset_metadata.h"
#include "engine/ports.h"
#include "engine/task.h"

namespace headroom {

enum class LanePhase {
  kOffsets,    // asks Kafka where it was
  kStore,      // asks the store for its manifest
  kPages,      // loads pages
  kReplaying,  // takes the records up to the committed offset again, without output
  kLive,
  kPaused,  // waits for a person; see `trouble`
};
std::string_view phase_name(LanePhase phase);

// How a lane is brought back; see ARCHITECTURE.md, the recovery table.
struct RecoveryPlan {
  bool use_manifest = false;
  Offset replay_from = 0;
  Offset target = 0;     // C: outputs of records below it are suppressed
  bool compare = false;  // the replay must give the committed sequences and hashes
  bool checkpoint_whole = false;
  bool checkpoint_now = false;
  uint64_t incarnation = 1;
  uint64_t epoch = 1;
  std::optional<std::vector<OutputProgress>> outputs;  // sequences to go on from after the replay
  std::map<std::string, uint64_t> held;                // outputs up to these sequences are in the topics already: not sent again
};

struct LaneRecovery {
  Committed committed;
  std::optional<OffsetMetadata> metadata;
  std::optional<Manifest> manifest;
  std::optional<AttemptMark> mark;
  int answers_missing = 0;
  bool store_failed = false;
  int64_t retry_at_us = 0;
  int64_t store_since_us = 0;  // first asked the store
  int64_t past_end_since_us = 0;
  // Of a manifest that was there, whether it could be used or not.
  uint64_t seen_epoch = 0;
  Offset seen_offset = 0;
  RecoveryPlan plan;
  size_t pages_asked = 0;
  size_t pages_loaded = 0;
  uint64_t bytes_loaded = 0;
  bool pages_failed = false;
  std::string pages_trouble;
  std::optional<std::string> broken_owner;  // of a manifest whose pages could not be loaded
  std::vector<std::pair<PageId, std::string>> pages;
  int64_t started_us = 0;
  int64_t replay_started_us = 0;
  uint64_t replayed_records = 0;
};

// A checkpoint on its way, and what the last one left.
struct LaneCheckpoint {
  std::optional<std::string> owner;  // tag of the manifest that this owner wrote or restored; none: the next one is written whole
  Offset offset = -1;                // X of that manifest
  int64_t taken_us = 0;
  uint64_t records_since = 0;  // processed since X: the replay debt
  bool disabled = false;       // a newer epoch has written
  bool wanted = false;         // at once

  bool running = false;
  bool whole = false;
  bool failed = false;
  bool flip_sent = false;
  size_t writes_open = 0;
  size_t store_at = 0;
  Offset running_offset = -1;
  uint64_t running_records = 0;
  std::string core;
  std::string running_owner;
  std::vector<std::pair<PageId, std::string>> changed;
  std::vector<PageId> dropped;
  uint64_t bytes = 0;
  int64_t started_us = 0;
};

// Record by record after a death, to find the record that kills; see AttemptMark.
struct CarefulReading {
  bool on = false;
  Offset until = 0;                    // normal again from here
  std::optional<AttemptMark> suspect;  // a record that has killed before
  bool mark_due = false;               // the running mark is to be written before the first record
};

// One topology on one partition, while this worker owns it.
struct Lane {
  Partition partition = 0;
  std::string name;  // full name, as the store knows it
  std::unique_ptr<Task> task;
  LanePhase phase = LanePhase::kOffsets;
  std::string trouble;       // why not live, for /readyz and logs
  std::string pause_reason;  // a word for metrics: topic_recreated, schema, poison_record
  Offset paused_at = -1;
  int64_t look_again_us = 0;

  uint64_t epoch = 0;
  bool epoch_committed = false;
  Offset committed = -1;  // last known to be in Kafka, by us or found
  std::string committed_metadata;
  bool commit_now = false;     // a commit is due though nothing was read (first of an owner)
  bool parked = false;         // taken back in order, kept in case it returns
  bool has_been_live = false;  // what it processed since is to be committed, even when it pauses

  LaneRecovery recovery;
  LaneCheckpoint checkpoint;
  CarefulReading careful;
  std::set<Offset> skips;
};

using LanePtr = std::shared_ptr<Lane>;

}  // namespace headroom
