#include "worker/committer.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "engine/offset_metadata.h"

namespace headroom {
namespace {

constexpr int kOpenMs = 5000;
constexpr int kReadMs = 2000;
constexpr int64_t kQueueFullUs = 10'000'000;

}  // namespace

std::vector<Committer::Attempt> Committer::attempts(std::span<const LanePtr> lanes) const {
  std::vector<Attempt> attempts;
  for (const auto& lane : lanes) {
    const auto& progress = lane->task->progress();
    const bool mine = lane->has_been_live && (lane->phase == LanePhase::kLive || lane->phase == LanePhase::kPaused);
    if (!mine || (progress.next_offset == lane->committed && !lane->commit_now)) continue;
    OffsetMetadata metadata;
    metadata.incarnation = lane->task->identity().incarnation;
    metadata.epoch = lane->epoch;
    metadata.slot = options_.slot;
    metadata.function = options_.function;
    metadata.last_record_offset = progress.last_record_offset;
    metadata.last_record_timestamp = progress.last_record_timestamp;
    metadata.outputs = progress.outputs;
    attempts.push_back({lane->partition, progress.next_offset, encode_offset_metadata(metadata)});
  }
  return attempts;
}

Status Committer::produce_all() {
  const int64_t deadline = clock_.steady_us() + kQueueFullUs;
  for (const auto& record : outbox_.records) {
    Status status = sink_.produce(record);
    while (status.code() == Code::kExhausted && clock_.steady_us() < deadline) {
      store_.wait(1);
      status = sink_.produce(record);
    }
    if (!status) return status;
  }
  return Status::ok();
}

CommitResult Committer::send(const std::vector<Attempt>& attempts) {
  Status status = sink_.begin();
  if (status) status = produce_all();
  if (!status) {
    const auto aborted = sink_.abort();
    if (status.code() == Code::kFenced) return {CommitOutcome::kFenced, status.message()};
    if (aborted.outcome != CommitOutcome::kAborted) return {CommitOutcome::kUnknown, status.message() + "; then " + aborted.detail};
    return {CommitOutcome::kAborted, status.message()};
  }
  std::vector<OffsetCommit> offsets;
  for (const auto& a : attempts) offsets.push_back({a.partition, a.offset, a.metadata});
  CommitResult result = sink_.send_offsets(offsets, *group_);
  if (result.outcome == CommitOutcome::kCommitted) result = sink_.commit();
  if (result.outcome == CommitOutcome::kAborted || result.outcome == CommitOutcome::kLost) {
    const auto aborted = sink_.abort();
    if (aborted.outcome == CommitOutcome::kFenced) return aborted;
    // The offsets did not take effect, but this producer can no longer be trusted with another transaction.
    if (aborted.outcome != CommitOutcome::kAborted) producer_broken_ = true;
  }
  return result;
}

Committer::Outcome Committer::commit(std::span<const LanePtr> lanes) {
  HEADROOM_CHECK(!unresolved_);
  auto attempts = this->attempts(lanes);
  if (attempts.empty() && outbox_.records.empty()) return Outcome::kNothing;
  if (!group_) return Outcome::kRetry;
  if (producer_broken_) {
    const Status opened = sink_.open(kOpenMs);
    if (opened.code() == Code::kFenced) return Outcome::kFenced;
    if (!opened) {
      trouble_ = opened.message();
      return Outcome::kRetry;
    }
    producer_broken_ = false;
  }
  attempt_ = std::move(attempts);
  const int64_t started = clock_.steady_us();
  const CommitResult result = send(attempt_);
  probe_.on_commit(result.outcome, clock_.steady_us() - started);
  trouble_ = result.detail;
  return settle(result.outcome, lanes);
}

Committer::Outcome Committer::settle(CommitOutcome outcome, std::span<const LanePtr> lanes) {
  switch (outcome) {
    case CommitOutcome::kCommitted:
      adopt(lanes);
      return Outcome::kCommitted;
    case CommitOutcome::kAborted:
      log_warn("commit did not take effect; sending the same again", {{"why", trouble_}});
      return Outcome::kRetry;
    case CommitOutcome::kUnknown:
      log_warn("the outcome of a commit is not known; asking", {{"why", trouble_}});
      unresolved_ = true;
      return Outcome::kUnresolved;
    case CommitOutcome::kLost:
      return Outcome::kLost;
    case CommitOutcome::kFenced:
      return Outcome::kFenced;
  }
  return Outcome::kRetry;
}

void Committer::adopt(std::span<const LanePtr> lanes) {
  const int64_t now_ms = clock_.wall_ms();
  last_commit_ms_ = now_ms;
  for (auto& attempt : attempt_) {
    const auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const LanePtr& l) { return l->partition == attempt.partition; });
    HEADROOM_CHECK(lane != lanes.end());
    (*lane)->committed = attempt.offset;
    (*lane)->committed_metadata = std::move(attempt.metadata);
    (*lane)->commit_now = false;
    if (!(*lane)->epoch_committed)
      log_info("lane committed by its new owner",
               {{"lane", (*lane)->name}, {"offset", attempt.offset}, {"epoch", (*lane)->epoch}, {"slot", options_.slot}});
    (*lane)->epoch_committed = true;
  }
  for (const auto& record : outbox_.records) probe_.on_output(record, now_ms);
  attempt_.clear();
  outbox_.clear();
  trouble_.clear();
}

Committer::Outcome Committer::resolve(std::span<const LanePtr> lanes) {
  HEADROOM_CHECK(unresolved_);
  const Status opened = sink_.open(kOpenMs);
  if (opened.code() == Code::kFenced) return Outcome::kFenced;
  if (!opened) {
    trouble_ = "the producer cannot be made anew: " + opened.message();
    return Outcome::kUnresolved;
  }
  std::vector<Partition> partitions;
  for (const auto& a : attempt_) partitions.push_back(a.partition);
  const auto committed = source_.committed(partitions, true, kReadMs);
  if (!committed) {
    trouble_ = "the committed offsets cannot be read: " + committed.status().message();
    return Outcome::kUnresolved;
  }
  size_t is_new = 0;
  size_t is_old = 0;
  for (const auto& attempt : attempt_) {
    const auto& all = committed.value();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Committed& c) { return c.partition == attempt.partition; });
    const auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const LanePtr& l) { return l->partition == attempt.partition; });
    if (found == all.end() || lane == lanes.end()) continue;
    is_new += found->offset == attempt.offset && found->metadata == attempt.metadata;
    is_old += found->offset.value_or(-1) == (*lane)->committed && found->metadata == (*lane)->committed_metadata;
  }
  unresolved_ = false;
  if (is_new == attempt_.size()) {
    log_info("the commit had taken effect");
    adopt(lanes);
    return Outcome::kCommitted;
  }
  if (is_old == attempt_.size()) {
    log_info("the commit had not taken effect; sending the same again");
    return Outcome::kRetry;
  }
  trouble_ = "somebody else has committed these lanes";
  return Outcome::kLost;
}

void Committer::drop() {
  outbox_.clear();
  attempt_.clear();
  // What an unknown commit did is for the next owner to find; this producer must not be used again.
  if (unresolved_) producer_broken_ = true;
  unresolved_ = false;
}

}  // namespace headroom
