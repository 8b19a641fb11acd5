#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "worker/worker.h"

// What a worker reads, and what it does with records: live, in a replay, or one by one after a death.
namespace headroom {
namespace {

constexpr int64_t kLookAgainUs = 5'000'000;
constexpr int kBoundsMs = 1000;
constexpr int kMarkMs = 200;
constexpr int kDeathsToPause = 3;

}  // namespace

// ---- reading ----

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
  wanted_.clear();
  offsets_.clear();
  if (hold_.empty()) {
    for (const auto& lane : lanes_) {
      const bool ready = lane->phase == LanePhase::kLive || lane->phase == LanePhase::kReplaying;
      const bool live = lane->phase == LanePhase::kLive;
      const bool indebted = live && lane->checkpoint.records_since >= static_cast<uint64_t>(options_.engine.max_replay_records);
      if (live)
        lane->trouble =
            indebted ? "the replay debt has reached its limit: no checkpoint since offset " + std::to_string(lane->checkpoint.offset) : "";
      if (!ready || indebted) continue;
      wanted_.push_back(lane->partition);
      offsets_.push_back({lane->partition, lane->task->progress().next_offset});
    }
  }
  if (wanted_ == reading_ && !reassign_) return Status::ok();
  const Status status = source_.assign(offsets_);
  if (!status) return status;
  reading_ = wanted_;
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
  read_nothing_ = records == 0;
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
    if (!lane.recovery.plan.held.empty()) keep_unsent(lane, std::move(suppressed));
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
  if (!lane.recovery.plan.held.empty()) drop_held(lane, outbox, from);
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

// In at_least_once one topic may hold outputs of an input whose outputs to another never got there; they go with the lane's next commit.
void Worker::keep_unsent(Lane& lane, Outbox&& outputs) {
  if (options_.engine.delivery == Delivery::kExactlyOnce) return;
  drop_held(lane, outputs, 0);
  auto& outbox = committer_.outbox();
  std::move(outputs.records.begin(), outputs.records.end(), std::back_inserter(outbox.records));
  outbox.bytes += outputs.bytes;
}

// The output topics hold these already, from before the offset was lost.
void Worker::drop_held(Lane& lane, Outbox& outbox, size_t from) {
  auto& held = lane.recovery.plan.held;
  const auto is_held = [&](const OutRecord& record) {
    const auto found = held.find(record.topic);
    if (found == held.end()) return false;
    if (record.sequence > found->second) {
      held.erase(found);
      return false;
    }
    outbox.bytes -= bytes_of(record);
    return true;
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

// ---- deaths ----

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

}  // namespace headroom
