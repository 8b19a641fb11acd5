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
// How long a revocation may take for checkpoints, beyond its commit: other members wait meanwhile.
constexpr int64_t kRevokeCheckpointUs = 3'000'000;

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
  int wait = busy ? 0 : wait_ms;
  if (first_output_us_ != 0) wait = std::min(wait, static_cast<int>(options_.engine.commit_linger_ms));
  if (Status status = read(wait); !status) return status;
  // Pages come and go as fast as the store is polled: with nothing to read, its answers are what to wait for.
  if (busy && read_nothing_) store_.wait(1);
  if (final_fault_) return *final_fault_;
  if (commit_due())
    if (Status status = commit(); !status) return status;
  // Without this a lane that stopped reading for its replay debt would never commit again, and so never get the checkpoint that frees it.
  checkpointer_.start_due(lanes_);
  if (checkpointer_.running(lanes_)) {
    const int64_t began = clock_.steady_us();
    checkpointer_.advance(lanes_, kCheckpointSliceUs);
    probe_.on_checkpoint_work(clock_.steady_us() - began);
  }
  if (clock_.steady_us() - published_us_ >= kPublishUs) publish();
  return Status::ok();
}

// ---- the group ----

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
      const int64_t deadline = std::min(clock_.steady_us() + kRevokeCheckpointUs, stop_deadline_us_);
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

// ---- commits ----

bool Worker::outbox_full() const {
  const auto& outbox = committer_.outbox();
  return outbox.records.size() >= static_cast<size_t>(options_.engine.outbox_records) ||
         outbox.bytes >= static_cast<size_t>(options_.engine.outbox_bytes);
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
  if (outbox_full()) return true;
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

// ---- the end ----

Status Worker::stop(bool keep_slot) {
  const int64_t deadline = clock_.steady_us() + std::min(options_.engine.stop_timeout_ms, stop_within_ms_.load()) * 1000 * 3 / 4;
  stop_deadline_us_ = deadline;
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
      if (lane->phase == LanePhase::kLive) announce(*lane, std::nullopt, clock_.steady_us() < deadline);
  if (!keep_slot) source_.leave(static_cast<int>(std::max<int64_t>(1000, (deadline - clock_.steady_us()) / 1000)));
  publish();  // without the lanes, if they were given back
  log_info("worker stopped", {{"topology", options_.topology},
                              {"slot", options_.slot},
                              {"keep_slot", keep_slot},
                              {"last_commit_ms", committer_.last_commit_ms()}});
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
