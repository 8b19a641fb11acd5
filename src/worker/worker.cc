#include "worker/worker.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace headroom {
namespace {

constexpr int kWaitMs = 20;
constexpr int kStartAgainMs = 500;
constexpr int64_t kCheckpointSliceUs = 2000;
constexpr int64_t kPublishUs = 200'000;
constexpr int64_t kRetryCommitUs = 20'000;
constexpr int64_t kLookAgainUs = 5'000'000;
// How long a revocation may take for checkpoints, beyond its commit: other members wait meanwhile.
constexpr int64_t kRevokeCheckpointUs = 3'000'000;
constexpr int kBoundsMs = 1000;
constexpr int kMarkMs = 200;
constexpr int kDeathsToPause = 3;

}  // namespace

Worker::Worker(const Topology& topology, WorkerOptions options, Source& source, Sink& sink, CheckpointStore& store, Clock& clock,
               WorkerProbe& probe)
    : topology_(topology),
      options_(std::move(options)),
      source_(source),
      sink_(sink),
      store_(store),
      clock_(clock),
      probe_(probe),
      committer_(options_, source, sink, store, clock, probe),
      checkpointer_(options_, store, clock, probe),
      recovery_(options_, topology, source, sink, store, clock, probe) {}

Status Worker::start() {
  const Status opened = sink_.open(10'000);
  if (!opened) return opened;
  last_commit_us_ = clock_.steady_us();
  return source_.subscribe(*this);
}

Status Worker::run() {
  while (!stop_requested_) {
    const Status started = start();
    if (started) break;
    if (started.code() != Code::kUnavailable && started.code() != Code::kTimeout) return started;
    log_warn("cannot start yet; trying again", {{"topology", options_.topology}, {"slot", options_.slot}, {"why", started.message()}});
    note_trouble(started.message());
    store_.wait(kStartAgainMs);
  }
  while (!stop_requested_) {
    const Status status = step(kWaitMs);
    if (!status) return status;
  }
  return stop(keep_slot_);
}

Status Worker::step(int wait_ms) {
  store_.poll();
  if (committer_.unresolved()) {
    const Status status = handle(committer_.resolve(lanes_));
    if (!status) return status;
  }
  recovery_.advance(lanes_);
  end_replays();
  look_at_paused();
  if (Status status = choose_reading(); !status) return status;
  const bool busy = checkpointer_.running(lanes_) || std::any_of(lanes_.begin(), lanes_.end(), [](const LanePtr& l) {
                      return l->phase == LanePhase::kStore || l->phase == LanePhase::kPages;
                    });
  int wait = busy ? std::min(wait_ms, 1) : wait_ms;
  if (first_output_us_ != 0) wait = std::min(wait, static_cast<int>(options_.engine.commit_linger_ms));
  if (Status status = read(wait); !status) return status;
  if (final_fault_) return *final_fault_;
  if (commit_due())
    if (Status status = commit(); !status) return status;
  // Without this a lane that stopped reading for its replay debt would never commit again, and so never get the checkpoint that frees it.
  checkpointer_.start_due(lanes_);
  if (checkpointer_.running(lanes_)) checkpointer_.advance(lanes_, kCheckpointSliceUs);
  if (clock_.steady_us() - published_us_ >= kPublishUs) publish();
  return Status::ok();
}

// ---- the group
// -----------------------------------------------------------------------------------------------------------------------------

LanePtr Worker::make_lane(Partition partition) const {
  auto lane = std::make_shared<Lane>();
  LaneIdentity identity{options_.installation, options_.topology, partition, 1};
  lane->partition = partition;
  lane->name = identity.full_name();
  lane->task = topology_.make_task(std::move(identity));
  return lane;
}

LanePtr Worker::find(Partition partition) const {
  const auto at = std::lower_bound(lanes_.begin(), lanes_.end(), partition, [](const LanePtr& l, Partition p) { return l->partition < p; });
  return at != lanes_.end() && (*at)->partition == partition ? *at : nullptr;
}

void Worker::on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> group) {
  HEADROOM_CHECK(lanes_.empty());
  assigned_ = true;
  committer_.set_group(std::move(group));
  std::vector<Partition> sorted(partitions.begin(), partitions.end());
  std::sort(sorted.begin(), sorted.end());
  for (const Partition partition : sorted) {
    const auto parked = parked_.find(partition);
    lanes_.push_back(parked == parked_.end() ? make_lane(partition) : parked->second);
  }
  parked_.clear();
  log_info("partitions assigned", {{"topology", options_.topology}, {"slot", options_.slot}, {"partitions", lanes_.size()}});
  // Nothing is read before its lane is restored; choose_reading() adds them as they become ready.
  reading_.clear();
  const Status status = source_.assign({});
  if (!status) final_fault_ = status;
}

// Back in order: what was processed is committed and checkpointed while the lanes are still ours. Lost: others may own them already.
void Worker::on_revoked(std::span<const Partition>, bool lost) {
  probe_.on_rebalance(lost);
  if (!lost && !lanes_.empty() && !committer_.unresolved()) {
    Committer::Outcome outcome = committer_.commit(lanes_);
    if (outcome == Committer::Outcome::kUnresolved) outcome = committer_.resolve(lanes_);
    if (outcome == Committer::Outcome::kFenced) final_fault_ = Status(Code::kFenced, committer_.trouble());
    if (outcome == Committer::Outcome::kCommitted || outcome == Committer::Outcome::kNothing) {
      checkpointer_.start_all(lanes_);
      const int64_t deadline = clock_.steady_us() + kRevokeCheckpointUs;
      while (checkpointer_.running(lanes_) && store_.connected() && clock_.steady_us() < deadline) {
        checkpointer_.advance(lanes_, kCheckpointSliceUs * 5);
        store_.wait(1);
      }
      for (const auto& lane : lanes_) {
        const bool settled =
            lane->phase == LanePhase::kLive && lane->epoch_committed && lane->task->progress().next_offset == lane->committed;
        if (!settled) continue;
        announce(*lane, std::nullopt, false);
        if (lane->checkpoint.running) checkpointer_.abandon(*lane);
        lane->phase = LanePhase::kOffsets;
        lane->parked = true;
        parked_[lane->partition] = lane;
      }
    }
  }
  committer_.drop();
  committer_.set_group(nullptr);
  first_output_us_ = 0;
  lanes_.clear();
  reading_.clear();
  const Status status = source_.assign({});
  if (!status && !lost) final_fault_ = status;
}

void Worker::drop_lanes() {
  committer_.drop();
  first_output_us_ = 0;
  for (auto& lane : lanes_) lane = make_lane(lane->partition);
  reassign_ = true;
}

// ---- reading
// -------------------------------------------------------------------------------------------------------------------------------

std::string Worker::hold_reason() const {
  if (committer_.unresolved()) return "the outcome of a commit is not known: " + committer_.trouble();
  if (checkpointer_.waiting_bytes(lanes_) > options_.max_pending_bytes) return "the checkpoint store takes pages slower than states change";
  if (outbox_full())
    return "the outbox is full: " + (committer_.trouble().empty() ? std::string("a commit is under way") : committer_.trouble());
  return {};
}

// Tells the source what to read: lanes that are ready, unless something holds them back.
Status Worker::choose_reading() {
  hold_ = hold_reason();
  std::vector<Partition> wanted;
  std::vector<PartitionOffset> offsets;
  if (hold_.empty()) {
    for (const auto& lane : lanes_) {
      const bool ready = lane->phase == LanePhase::kLive || lane->phase == LanePhase::kReplaying;
      const bool live = lane->phase == LanePhase::kLive;
      const bool indebted = live && lane->checkpoint.records_since >= static_cast<uint64_t>(options_.engine.max_replay_records);
      if (live)
        lane->trouble =
            indebted ? "the replay debt has reached its limit: no checkpoint since offset " + std::to_string(lane->checkpoint.offset) : "";
      if (!ready || indebted) continue;
      wanted.push_back(lane->partition);
      offsets.push_back({lane->partition, lane->task->progress().next_offset});
    }
  }
  if (wanted == reading_ && !reassign_) return Status::ok();
  const Status status = source_.assign(offsets);
  if (!status) return status;
  reading_ = std::move(wanted);
  reassign_ = false;
  return Status::ok();
}

Status Worker::read(int wait_ms) {
  const auto batches = source_.poll(wait_ms, static_cast<size_t>(options_.engine.batch_records));
  if (!batches) {
    if (batches.status().code() == Code::kNotFound) return skip_deleted();
    return batches.status();
  }
  uint64_t records = 0;
  const int64_t started = clock_.steady_us();
  for (const auto& batch : batches.value()) {
    const auto lane = find(batch.partition);
    if (!lane) continue;
    process(*lane, batch);
    records += batch.records.size();
  }
  full_batch_ = records * 2 >= static_cast<uint64_t>(options_.engine.batch_records);
  if (records > 0) {
    const int64_t took = clock_.steady_us() - started;
    checkpointer_.note_cost(records, took);
    probe_.on_batch(records, took);
  }
  for (const auto& lane : lanes_) follow_position(*lane);
  if (first_output_us_ == 0 && !committer_.outbox().records.empty()) first_output_us_ = clock_.steady_us();
  return Status::ok();
}

void Worker::process(Lane& lane, const Batch& batch) {
  if (lane.phase == LanePhase::kReplaying) return process_replay(lane, batch);
  if (lane.phase == LanePhase::kLive) process_live(lane, batch);
}

// Up to the committed offset without output; what follows in the same batch belongs to the live lane.
void Worker::process_replay(Lane& lane, const Batch& batch) {
  const Offset target = lane.recovery.plan.target;
  const auto cut =
      std::lower_bound(batch.records.begin(), batch.records.end(), target, [](const Record& r, Offset o) { return r.offset < o; });
  const auto before = static_cast<size_t>(cut - batch.records.begin());
  Outbox suppressed;
  if (before > 0) {
    const bool reaches = before < batch.records.size() || batch.position >= target;
    lane.task->process({batch.partition, batch.records.first(before), reaches ? target : batch.position}, suppressed);
    lane.recovery.replayed_records += before;
    lane.checkpoint.records_since += before;
  }
  if (before == batch.records.size() && batch.position < target) return;
  recovery_.finish_replay(lane);
  begin_live(lane);
  if (before < batch.records.size()) process_live(lane, {batch.partition, batch.records.subspan(before), batch.position});
}

void Worker::process_live(Lane& lane, const Batch& batch) {
  if (lane.careful.mark_due && !batch.records.empty()) {
    lane.careful.mark_due = false;
    if (!lane.careful.on) announce(lane, AttemptMark{batch.records.front().offset, 0}, true);
  }
  auto& outbox = committer_.outbox();
  const size_t from = outbox.records.size();
  if (lane.careful.on)
    process_carefully(lane, batch);
  else
    lane.task->process(batch, outbox);
  lane.checkpoint.records_since += batch.records.size();
  if (!lane.recovery.plan.held.empty()) drop_held(lane, from);
}

// One record at a time, each named in the store before it is touched: should it kill this process, the next owner knows which it was.
void Worker::process_carefully(Lane& lane, const Batch& batch) {
  auto& careful = lane.careful;
  for (size_t i = 0; i < batch.records.size(); ++i) {
    const Offset offset = batch.records[i].offset;
    const int deaths = careful.suspect && careful.suspect->offset == offset ? careful.suspect->deaths : 0;
    if (deaths + 1 >= kDeathsToPause && !lane.skips.contains(offset)) {
      recovery_.pause(lane, "poison_record",
                      "processing has died " + std::to_string(kDeathsToPause) + " times at offset " + std::to_string(offset) +
                          "; `headroom state skip " + lane.task->identity().lane() + " " + std::to_string(offset) + "` passes the record",
                      offset);
      return;
    }
    announce(lane, AttemptMark{offset, deaths + 1}, false);
    const Offset position = i + 1 < batch.records.size() ? batch.records[i + 1].offset : batch.position;
    lane.task->process({batch.partition, batch.records.subspan(i, 1), position}, committer_.outbox());
  }
  if (lane.task->progress().next_offset >= careful.until) {
    careful.on = false;
    careful.suspect.reset();
    announce(lane, AttemptMark{lane.task->progress().next_offset, 0}, false);
  }
}

// The output topics hold these already, from before the offset was lost.
void Worker::drop_held(Lane& lane, size_t from) {
  auto& outbox = committer_.outbox();
  auto& held = lane.recovery.plan.held;
  const auto is_held = [&](const OutRecord& record) {
    const auto found = held.find(record.topic);
    if (found == held.end()) return false;
    if (record.sequence <= found->second) return true;
    held.erase(found);
    return false;
  };
  const auto begin = outbox.records.begin() + static_cast<std::ptrdiff_t>(from);
  outbox.records.erase(std::remove_if(begin, outbox.records.end(), is_held), outbox.records.end());
}

// Markers and holes at the end of the log: the committed offset passes them too, and a replay that ends in them ends.
void Worker::follow_position(Lane& lane) {
  if (lane.phase != LanePhase::kLive && lane.phase != LanePhase::kReplaying) return;
  const auto position = source_.position(lane.partition);
  if (!position || *position <= lane.task->progress().next_offset) return;
  if (lane.phase == LanePhase::kLive)
    lane.task->advance_to(*position);
  else
    lane.task->advance_to(std::min(*position, lane.recovery.plan.target));
}

void Worker::end_replays() {
  for (const auto& lane : lanes_) {
    if (lane->phase != LanePhase::kReplaying || lane->task->progress().next_offset < lane->recovery.plan.target) continue;
    recovery_.finish_replay(*lane);
    begin_live(*lane);
    reassign_ = true;
  }
}

// Retention has deleted what was not read yet: go on where the log begins now, and say how much is missing.
Status Worker::skip_deleted() {
  for (const auto& lane : lanes_) {
    if (lane->phase != LanePhase::kLive && lane->phase != LanePhase::kReplaying) continue;
    const auto bounds = source_.bounds(lane->partition, kBoundsMs);
    if (!bounds) continue;
    const Offset at = lane->task->progress().next_offset;
    if (at > bounds.value().end) {
      recovery_.pause(*lane, "topic_recreated",
                      "offset " + std::to_string(at) + " is past the log's end " + std::to_string(bounds.value().end));
      continue;
    }
    if (at >= bounds.value().start) continue;
    const auto missing = static_cast<uint64_t>(bounds.value().start - at);
    probe_.on_gap(missing);
    log_error("records were deleted before they were read",
              {{"lane", lane->name}, {"from", at}, {"to", bounds.value().start}, {"records", missing}});
    lane->task->advance_to(bounds.value().start);
  }
  reassign_ = true;
  return Status::ok();
}

// ---- deaths
// --------------------------------------------------------------------------------------------------------------------------------

void Worker::begin_live(Lane& lane) {
  auto& careful = lane.careful;
  careful = {};
  careful.mark_due = true;
  const auto& mark = lane.recovery.mark;
  if (!mark) return;
  careful.on = true;
  careful.until = lane.task->progress().next_offset + options_.engine.batch_records;
  if (mark->deaths > 0 && mark->offset >= lane.committed) careful.suspect = mark;
}

void Worker::announce(Lane& lane, std::optional<AttemptMark> mark, bool wait) {
  auto answered = std::make_shared<bool>(false);
  store_.write_mark(lane.name, mark, [answered](const Status&) { *answered = true; });
  store_.poll();
  const int64_t deadline = clock_.steady_us() + kMarkMs * 1000;
  while (wait && !*answered && store_.connected() && clock_.steady_us() < deadline) store_.wait(1);
}

// A lane that waits for `headroom state skip` looks for it now and then.
void Worker::look_at_paused() {
  const int64_t now = clock_.steady_us();
  for (const auto& lane : lanes_) {
    if (lane->phase != LanePhase::kPaused || lane->paused_at < 0 || now < lane->look_again_us) continue;
    lane->look_again_us = now + kLookAgainUs;
    const std::weak_ptr<Lane> weak = lane;
    store_.read_skips(lane->name, [weak](Result<std::vector<Offset>> skips) {
      const auto l = weak.lock();
      if (!l || !skips || l->phase != LanePhase::kPaused) return;
      const auto& offsets = skips.value();
      if (std::find(offsets.begin(), offsets.end(), l->paused_at) == offsets.end()) return;
      log_warn("an operator passes a record", {{"lane", l->name}, {"offset", l->paused_at}});
      l->skips = {offsets.begin(), offsets.end()};
      l->task->set_skips(offsets);
      l->phase = LanePhase::kLive;
      l->trouble.clear();
      l->pause_reason.clear();
      l->paused_at = -1;
    });
  }
}

// ---- commits
// -------------------------------------------------------------------------------------------------------------------------------

bool Worker::outbox_full() const {
  const auto& outbox = committer_.outbox();
  return outbox.records.size() >= static_cast<size_t>(options_.engine.outbox_records) || outbox.bytes >= static_cast<size_t>(options_.engine.outbox_bytes);
}

bool Worker::something_to_commit() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const LanePtr& l) {
    const bool mine = l->has_been_live && (l->phase == LanePhase::kLive || l->phase == LanePhase::kPaused);
    return mine && (l->commit_now || l->task->progress().next_offset != l->committed);
  });
}

bool Worker::commit_due() const {
  const int64_t now = clock_.steady_us();
  if (committer_.unresolved() || now < retry_commit_at_us_ || !something_to_commit()) return false;
  if (outbox_full())
    return true;
  if (now - last_commit_us_ >= options_.engine.commit_interval_ms * 1000) return true;
  if (std::any_of(lanes_.begin(), lanes_.end(), [](const LanePtr& l) { return l->phase == LanePhase::kLive && l->commit_now; }))
    return true;
  // Catching up, outputs wait for the interval: throughput counts, and they are late already.
  const int64_t linger_us = options_.engine.commit_linger_ms * 1000;
  return first_output_us_ != 0 && !full_batch_ && now - first_output_us_ >= linger_us && now - last_commit_us_ >= linger_us;
}

Status Worker::commit() {
  if (source_.assignment_lost()) return handle(Committer::Outcome::kLost);
  return handle(committer_.commit(lanes_));
}

Status Worker::handle(Committer::Outcome outcome) {
  const int64_t now = clock_.steady_us();
  switch (outcome) {
    case Committer::Outcome::kNothing:
      return Status::ok();
    case Committer::Outcome::kCommitted:
      last_commit_us_ = now;
      first_output_us_ = 0;
      checkpointer_.start_due(lanes_);
      return Status::ok();
    case Committer::Outcome::kRetry:
    case Committer::Outcome::kUnresolved:
      retry_commit_at_us_ = now + kRetryCommitUs;
      return Status::ok();
    case Committer::Outcome::kLost:
      log_warn("lanes lost; dropping what was not committed",
               {{"topology", options_.topology}, {"slot", options_.slot}, {"why", committer_.trouble()}});
      drop_lanes();
      return Status::ok();
    case Committer::Outcome::kFenced:
      return {Code::kFenced, committer_.trouble()};
  }
  return Status::ok();
}

// ---- the end
// -------------------------------------------------------------------------------------------------------------------------------

Status Worker::stop(bool keep_slot) {
  const int64_t deadline = clock_.steady_us() + options_.engine.stop_timeout_ms * 1000 * 3 / 4;
  Status status = Status::ok();
  while (status && something_to_commit() && clock_.steady_us() < deadline) {
    status = committer_.unresolved() ? handle(committer_.resolve(lanes_)) : commit();
    if (status && something_to_commit()) store_.wait(5);
  }
  if (status) checkpointer_.start_all(lanes_);
  while (status && checkpointer_.running(lanes_) && store_.connected() && clock_.steady_us() < deadline) {
    checkpointer_.advance(lanes_, kCheckpointSliceUs * 5);
    store_.wait(1);
    checkpointer_.start_all(lanes_);
  }
  if (status)
    for (const auto& lane : lanes_)
      if (lane->phase == LanePhase::kLive) announce(*lane, std::nullopt, true);
  publish();
  if (!keep_slot) source_.leave(static_cast<int>(std::max<int64_t>(1000, (deadline - clock_.steady_us()) / 1000)));
  return status;
}

WorkerStatus Worker::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void Worker::note_trouble(const std::string& trouble) {
  const std::lock_guard lock(status_mutex_);
  status_.trouble = trouble;
}

void Worker::publish() {
  WorkerStatus status;
  const int64_t now = clock_.steady_us();
  published_us_ = now;
  status.assigned = assigned_;
  status.store_connected = store_.connected();
  status.trouble = !hold_.empty() ? hold_ : committer_.trouble();
  for (const auto& lane : lanes_) {
    const auto& progress = lane->task->progress();
    LaneStatus l;
    l.lane = lane->task->identity().lane();
    l.phase = lane->phase;
    l.trouble = lane->trouble;
    l.pause_reason = lane->pause_reason;
    l.next_offset = progress.next_offset;
    l.committed = lane->committed;
    l.checkpoint = lane->checkpoint.offset;
    l.replay_debt_records = lane->checkpoint.records_since;
    l.checkpoint_age_ms =
        lane->checkpoint.offset < 0 || lane->checkpoint.offset == lane->committed ? 0 : (now - lane->checkpoint.taken_us) / 1000;
    l.watermark_ms = progress.time_ms;
    l.last_record_timestamp_ms = progress.last_record_timestamp;
    if (const auto end = source_.log_end(lane->partition)) l.log_end = *end;
    for (auto* store : lane->task->stores()) l.keys += store->key_count();
    l.counts = lane->task->counts();
    status.lanes.push_back(std::move(l));
  }
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
}

}  // namespace headroom
