#include <algorithm>
#include <map>

#include "base/log.h"
#include "worker/manifest_core.h"
#include "worker/recovery.h"

// The recovery table of ARCHITECTURE.md: what is done with what was found.
namespace headroom {
namespace {

constexpr int kReadMs = 2000;
constexpr int kScanMs = 60'000;
// How long a committed offset may lie past the log's end before the topic counts as made anew: after a change of leader the end lags for a
// moment.
constexpr int64_t kPastEndUs = 10'000'000;

}  // namespace

// ---- the decision ----

void Recovery::decide(const LanePtr& lane) {
  const Status planned = plan(*lane);
  if (lane->phase == LanePhase::kPaused) return;
  if (!planned) {
    if (lane->recovery.store_failed) ask_store(lane);
    return retry(*lane, planned.message());
  }
  lane->trouble.clear();
  const auto bounds = source_.bounds(lane->partition, kReadMs);
  if (!bounds) return retry(*lane, "the log's bounds cannot be read: " + bounds.status().message());
  start_plan(lane, bounds.value());
}

Status Recovery::plan(Lane& lane) {
  auto& r = lane.recovery;
  const auto bounds = source_.bounds(lane.partition, kReadMs);
  if (!bounds) return {bounds.status().code(), "the log's bounds cannot be read: " + bounds.status().message()};
  if (r.store_failed && bounds.value().start > 0 && options_.engine.history_ms == 0)
    return {Code::kUnavailable,
            "the checkpoint store does not answer and the log no longer reaches back to its start: " + store_.trouble()};
  r.plan = {};
  if (r.manifest) r.seen_epoch = std::max(r.seen_epoch, r.manifest->epoch);
  if (r.manifest && r.manifest->owner == r.broken_owner) r.manifest.reset();
  if (r.manifest && !load_core(lane)) {
    if (lane.phase == LanePhase::kPaused) return Status::ok();
    r.manifest.reset();
  }
  if (r.manifest && r.metadata && lane.task->identity().incarnation < r.metadata->incarnation) {
    const auto usable = is_of_this_log(lane);
    if (!usable) return usable.status();
    if (!usable.value()) {
      log_warn("the checkpoint is of an older incarnation; rebuilding", {{"lane", lane.name}});
      r.manifest.reset();
    }
  }
  if (r.manifest) r.seen_offset = std::max(r.seen_offset, lane.task->progress().next_offset);
  if (!r.committed.offset) return plan_without_offset(lane, bounds.value());
  const Offset offset = *r.committed.offset;
  const auto same = same_log(lane, bounds.value(), offset);
  if (!same) return same.status();
  if (!same.value()) {
    if (!options_.rebuild) {
      pause(
          lane, "topic_recreated",
          "the committed offset " + std::to_string(offset) + " is not of this log (it ends at " + std::to_string(bounds.value().end) +
              ", or the record before it has another timestamp): the topic was made anew. Start with --rebuild to begin a new incarnation");
      return Status::ok();
    }
    r.manifest.reset();
    return plan_from_offset_alone(lane, bounds.value(), bounds.value().start);
  }
  const bool ahead = r.manifest && lane.task->progress().next_offset > offset;
  if (r.metadata && !ahead) return plan_from_metadata(lane, bounds.value(), offset);
  return plan_from_offset_alone(lane, bounds.value(), offset);
}

// Whether the committed offset belongs to the log as it is now.
Result<bool> Recovery::same_log(Lane& lane, const LogBounds& bounds, Offset offset) {
  auto& r = lane.recovery;
  if (offset > bounds.end) {
    const int64_t now = clock_.steady_us();
    if (r.past_end_since_us == 0) r.past_end_since_us = now;
    if (now - r.past_end_since_us < kPastEndUs)
      return Status(Code::kUnavailable, "the committed offset " + std::to_string(offset) + " is past the log's end " +
                                            std::to_string(bounds.end) + "; looking again");
    return false;
  }
  if (!r.metadata || r.metadata->last_record_offset < bounds.start) return true;
  const auto timestamp = source_.timestamp_at(lane.partition, r.metadata->last_record_offset, kReadMs);
  if (!timestamp) return timestamp.status();
  return !timestamp.value() || *timestamp.value() == r.metadata->last_record_timestamp;
}

// Whether a checkpoint of an older incarnation leads to the committed offset: its last record must be in the log yet.
Result<bool> Recovery::is_of_this_log(const Lane& lane) {
  const auto& progress = lane.task->progress();
  if (progress.next_offset > lane.recovery.committed.offset.value_or(-1)) return false;
  const auto timestamp = source_.timestamp_at(lane.partition, progress.last_record_offset, kReadMs);
  if (!timestamp) return timestamp.status();
  return timestamp.value() && *timestamp.value() == progress.last_record_timestamp;
}

// The manifest's core into the task. False: not usable (the lane is rebuilt, or paused when its meaning has changed).
bool Recovery::load_core(Lane& lane) {
  const auto core = decode_manifest_core(lane.recovery.manifest->core);
  lane.task->reset();
  Status status = core.status();
  if (core) status = lane.task->load_core(core.value().task);
  if (status) {
    lane.task->set_incarnation(core.value().incarnation);
    return true;
  }
  lane.task->reset();
  if (status.code() == Code::kSchema && !options_.rebuild) {
    pause(lane, "schema",
          "the checkpoint cannot be read by this binary: " + status.message() +
              ". Start with --rebuild to build the state anew from the log");
    return false;
  }
  log_warn("checkpoint not usable; rebuilding", {{"lane", lane.name}, {"why", status.message()}});
  return false;
}

Status Recovery::plan_from_metadata(Lane& lane, const LogBounds& bounds, Offset offset) {
  auto& r = lane.recovery;
  auto& plan = r.plan;
  const auto& metadata = *r.metadata;
  plan.target = offset;
  plan.incarnation = metadata.incarnation;
  plan.epoch = std::max(metadata.epoch, r.seen_epoch) + 1;
  plan.outputs = metadata.outputs;
  const bool same_function = metadata.function == options_.function;
  if (!same_function && options_.engine.delivery == Delivery::kAtLeastOnce) {
    // Outputs may have been sent without their offset: this function would give those numbers to other bytes.
    const auto outputs = outputs_of(lane);
    if (!outputs) return outputs.status();
    ++plan.incarnation;
    for (auto& output : *plan.outputs) output.hash = 0;
    for (const auto& entry : outputs.value().topics) {
      const auto found =
          std::find_if(plan.outputs->begin(), plan.outputs->end(), [&entry](const auto& o) { return o.topic == entry.first; });
      if (found == plan.outputs->end())
        plan.outputs->push_back({entry.first, entry.second.sequence, 0});
      else
        found->sequence = std::max(found->sequence, entry.second.sequence);
    }
  }
  if (!r.manifest) return plan_rebuild(lane, bounds, r.store_failed ? "the checkpoint store does not answer" : "no usable checkpoint");
  plan.use_manifest = true;
  plan.replay_from = lane.task->progress().next_offset;
  plan.compare = same_function && lane.task->identity().incarnation == metadata.incarnation;
  return Status::ok();
}

Status Recovery::plan_rebuild(Lane& lane, const LogBounds& bounds, std::string_view why) {
  auto& plan = lane.recovery.plan;
  plan.use_manifest = false;
  plan.compare = false;
  plan.checkpoint_whole = true;
  plan.replay_from = bounds.start;
  if (options_.engine.history_ms > 0) {
    const auto from = source_.offset_at_time(lane.partition, clock_.wall_ms() - options_.engine.history_ms, kReadMs);
    if (!from) return from.status();
    plan.replay_from = std::clamp(from.value(), bounds.start, std::max(bounds.start, plan.target));
  }
  if (plan.replay_from < plan.target)
    log_warn("rebuilding a lane from the log; decisions may differ where its past reaches further back",
             {{"lane", lane.name}, {"why", why}, {"from", plan.replay_from}, {"to", plan.target}});
  return Status::ok();
}

Result<LaneOutputs> Recovery::outputs_of(Lane& lane) {
  const std::string name = lane.task->identity().lane();
  const std::string lanes[] = {name};
  auto scanned = source_.scan_outputs(lanes, kScanMs);
  if (!scanned) return Status(scanned.status().code(), "the output topics cannot be read: " + scanned.status().message());
  return std::move(scanned.value()[name]);
}

// Somebody set the group's offset: sequences go on after the largest that is known anywhere, as a new incarnation.
Status Recovery::plan_from_offset_alone(Lane& lane, const LogBounds& bounds, Offset offset) {
  auto& r = lane.recovery;
  auto& plan = r.plan;
  const auto outputs = outputs_of(lane);
  if (!outputs) return outputs.status();
  std::map<std::string, uint64_t> sequences;
  uint64_t incarnation = r.metadata ? r.metadata->incarnation : 0;
  const auto note = [&](const std::string& topic, uint64_t sequence) { sequences[topic] = std::max(sequences[topic], sequence); };
  for (const auto& [topic, held] : outputs.value().topics)
    note(topic, held.sequence), incarnation = std::max(incarnation, held.incarnation);
  if (r.metadata)
    for (const auto& o : r.metadata->outputs) note(o.topic, o.sequence);
  if (r.manifest) {
    for (const auto& o : lane.task->progress().outputs) note(o.topic, o.sequence);
    incarnation = std::max(incarnation, lane.task->identity().incarnation);
  }
  plan.outputs.emplace();
  for (const auto& [topic, sequence] : sequences) plan.outputs->push_back({topic, sequence, 0});
  // A lane that never gave an output has no numbers or ids that could be given twice.
  const bool silent = std::all_of(sequences.begin(), sequences.end(), [](const auto& entry) { return entry.second == 0; });
  plan.incarnation = silent ? std::max<uint64_t>(incarnation, 1) : incarnation + 1;
  plan.epoch = std::max(r.metadata ? r.metadata->epoch : 0, r.seen_epoch) + 1;
  plan.target = offset;
  plan.checkpoint_now = true;
  log_warn("the group's offset was set by somebody else; the lane begins a new incarnation",
           {{"lane", lane.name}, {"offset", offset}, {"incarnation", plan.incarnation}});
  if (!r.manifest || lane.task->progress().next_offset > offset) return plan_rebuild(lane, bounds, "no checkpoint at or before the offset");
  plan.use_manifest = true;
  plan.replay_from = lane.task->progress().next_offset;
  return Status::ok();
}

// No offset: expired, or a lane that never was. What the topics already hold of it is not sent again: the way to the last input that they
// name is a replay, so nothing is committed on it, and a death on the way leaves everything as it was found.
Status Recovery::plan_without_offset(Lane& lane, const LogBounds& bounds) {
  auto& r = lane.recovery;
  auto& plan = r.plan;
  const auto outputs = outputs_of(lane);
  if (!outputs) return outputs.status();
  uint64_t incarnation = 0;
  Offset reached = r.seen_offset;  // or past the last input that an output names
  for (const auto& [topic, held] : outputs.value().topics) {
    plan.held[topic] = held.sequence;
    incarnation = std::max(incarnation, held.incarnation);
    reached = std::max(reached, held.input_offset + 1);
  }
  // A checkpoint that is only out of reach may be further than the outputs; found later, it would look as if somebody had set the offset
  // back.
  if (r.store_failed && !plan.held.empty())
    return {Code::kUnavailable, "the committed offset is gone and the checkpoint store does not answer: " + store_.trouble()};
  const auto target_from = [&](Offset from) { return std::max(from, std::min(reached, bounds.end)); };
  plan.epoch = r.seen_epoch + 1;
  if (r.manifest) {
    plan.use_manifest = true;
    plan.incarnation = lane.task->identity().incarnation;
    plan.replay_from = lane.task->progress().next_offset;
    plan.target = target_from(plan.replay_from);
    log_warn("the committed offset is gone; going on from the checkpoint",
             {{"lane", lane.name}, {"offset", plan.replay_from}, {"outputs_to", plan.target}});
    return Status::ok();
  }
  plan.incarnation = std::max<uint64_t>(incarnation, 1);
  plan.replay_from = bounds.start;
  plan.target = target_from(plan.replay_from);
  if (!plan.held.empty())
    log_warn("the committed offset and the checkpoint are gone; going through the log again",
             {{"lane", lane.name}, {"from", plan.replay_from}, {"outputs_to", plan.target}});
  return Status::ok();
}

}  // namespace headroom
