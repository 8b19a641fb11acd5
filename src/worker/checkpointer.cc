#include "worker/checkpointer.h"

#include <algorithm>

#include "base/log.h"
#include "worker/manifest_core.h"

namespace headroom {
namespace {

constexpr size_t kSliceBytes = 64 * 1024;
// Between the end of one checkpoint and the start of the next of a lane, however large the replay debt.
constexpr int64_t kPauseUs = 250'000;

bool all_handed_out(Lane& lane) {
  const auto stores = lane.task->stores();
  return std::all_of(stores.begin(), stores.end(), [](const StateStore* store) { return store->snapshot_finished(); });
}

}  // namespace

void Checkpointer::note_cost(uint64_t records, int64_t duration_us) {
  if (records < 64) return;
  const double cost = static_cast<double>(duration_us) / static_cast<double>(records);
  // A replay also fetches: twice the cost of processing is what was seen.
  record_cost_us_ += 0.05 * (2 * cost - record_cost_us_);
}

bool Checkpointer::due(const Lane& lane, int64_t now_us) const {
  const auto& c = lane.checkpoint;
  if (lane.phase != LanePhase::kLive || !lane.epoch_committed || c.running || c.disabled) return false;
  if (lane.task->progress().next_offset != lane.committed) return false;
  if (c.wanted) return true;
  if (c.offset == lane.committed) return false;
  const int64_t age_us = now_us - c.taken_us;
  if (age_us < kPauseUs) return false;
  return age_us >= options_.engine.checkpoint_interval_ms * 1000 || replay_debt_us(lane) >= options_.engine.recovery_target_ms * 1000;
}

void Checkpointer::start_due(std::span<const LanePtr> lanes) {
  if (!store_.connected()) return;
  const int64_t now = clock_.steady_us();
  for (const auto& lane : lanes)
    if (due(*lane, now)) start(lane);
}

void Checkpointer::start_all(std::span<const LanePtr> lanes) {
  for (const auto& lane : lanes) {
    auto& c = lane->checkpoint;
    const bool settled = lane->phase == LanePhase::kLive && lane->epoch_committed && lane->task->progress().next_offset == lane->committed;
    if (settled && !c.running && !c.disabled && (c.wanted || c.offset != lane->committed)) start(lane);
  }
}

std::string Checkpointer::next_name() {
  return options_.run_id + "-" + std::to_string(++counter_);
}

void Checkpointer::start(const LanePtr& lane) {
  auto& c = lane->checkpoint;
  c.running = true;
  c.wanted = false;
  c.whole = !c.owner.has_value();
  c.failed = c.flip_sent = false;
  c.writes_open = 0;
  c.store_at = 0;
  c.running_offset = lane->committed;
  c.running_records = c.records_since;
  c.changed.clear();
  c.dropped.clear();
  c.bytes = 0;
  c.started_us = clock_.steady_us();
  c.core = encode_manifest_core({lane->task->identity().incarnation, options_.function, lane->committed, lane->task->save_core()});
  for (auto* store : lane->task->stores()) store->begin_snapshot(c.whole);
}

void Checkpointer::advance(std::span<const LanePtr> lanes, int64_t budget_us) {
  const int64_t until = clock_.steady_us() + budget_us;
  for (size_t i = 0; i < lanes.size(); ++i) {
    const auto& lane = lanes[(turn_ + i) % lanes.size()];
    if (lane->checkpoint.running) advance_lane(lane, until);
    if (clock_.steady_us() >= until) break;
  }
  ++turn_;
}

void Checkpointer::advance_lane(const LanePtr& lane, int64_t until_us) {
  auto& c = lane->checkpoint;
  const auto stores = lane->task->stores();
  while (!c.failed && c.store_at < stores.size() && store_.pending_bytes() < options_.max_pending_bytes / 2) {
    auto* store = stores[c.store_at];
    if (store->snapshot_finished()) {
      ++c.store_at;
      continue;
    }
    const auto id = static_cast<uint32_t>(c.store_at);
    if (auto image = store->next_page(kSliceBytes)) {
      if (image->bytes.empty())
        c.dropped.push_back({id, image->page});
      else
        write(lane, {id, image->page}, std::move(image->bytes));
    }
    if (clock_.steady_us() >= until_us) break;
  }
  if (c.failed && c.writes_open == 0 && !c.flip_sent) return finish(*lane, "store_failed", false);
  if (!c.failed && !c.flip_sent && c.writes_open == 0 && all_handed_out(*lane)) flip(lane);
}

void Checkpointer::write(const LanePtr& lane, PageId id, std::string bytes) {
  auto& c = lane->checkpoint;
  const std::string name = next_name();
  c.changed.emplace_back(id, name);
  c.bytes += bytes.size();
  ++c.writes_open;
  const std::weak_ptr<Lane> weak = lane;
  store_.write_page(lane->name, name, std::move(bytes), [weak, started = c.started_us](const Status& status) {
    const auto l = weak.lock();
    if (!l || !l->checkpoint.running || l->checkpoint.started_us != started) return;
    --l->checkpoint.writes_open;
    if (!status) l->checkpoint.failed = true;
  });
}

void Checkpointer::flip(const LanePtr& lane) {
  auto& c = lane->checkpoint;
  c.flip_sent = true;
  c.running_owner = next_name();
  Flip flip;
  if (!c.whole) flip.expected_owner = c.owner;
  flip.owner = c.running_owner;
  flip.epoch = lane->epoch;
  flip.core = c.core;
  flip.changed = c.changed;
  flip.dropped = c.dropped;
  const std::weak_ptr<Lane> weak = lane;
  store_.flip(lane->name, std::move(flip), [this, weak, started = c.started_us](const Result<FlipOutcome>& outcome) {
    const auto l = weak.lock();
    if (!l || !l->checkpoint.running || l->checkpoint.started_us != started) return;
    auto& checkpoint = l->checkpoint;
    if (!outcome) {
      // It may have taken effect: which manifest is there now is not known.
      checkpoint.owner.reset();
      return finish(*l, "store_failed", false);
    }
    switch (outcome.value()) {
      case FlipOutcome::kDone:
        return finish(*l, "done", true);
      case FlipOutcome::kOtherManifest:
      case FlipOutcome::kPageMissing:
        log_warn("the checkpoint store has forgotten something; writing the whole state anew", {{"lane", l->name}});
        checkpoint.owner.reset();
        checkpoint.wanted = true;
        return finish(*l, "refused", false);
      case FlipOutcome::kNewerEpoch:
        log_warn("a newer owner writes this lane's checkpoints", {{"lane", l->name}});
        checkpoint.disabled = true;
        return finish(*l, "newer_epoch", false);
    }
  });
}

void Checkpointer::finish(Lane& lane, std::string_view outcome, bool done) {
  auto& c = lane.checkpoint;
  for (auto* store : lane.task->stores()) store->end_snapshot(done);
  c.running = false;
  const int64_t now = clock_.steady_us();
  if (done) {
    c.owner = c.running_owner;
    c.offset = c.running_offset;
    c.records_since -= std::min(c.records_since, c.running_records);
  }
  c.taken_us = now;
  probe_.on_checkpoint(outcome, c.changed.size(), c.bytes, now - c.started_us);
  c.core.clear();
  c.changed.clear();
}

void Checkpointer::abandon(Lane& lane) {
  if (lane.checkpoint.running) finish(lane, "abandoned", false);
  lane.checkpoint.owner.reset();
}

bool Checkpointer::running(std::span<const LanePtr> lanes) const {
  return std::any_of(lanes.begin(), lanes.end(), [](const LanePtr& lane) { return lane->checkpoint.running; });
}

size_t Checkpointer::waiting_bytes(std::span<const LanePtr> lanes) const {
  size_t bytes = store_.pending_bytes();
  for (const auto& lane : lanes)
    if (lane->checkpoint.running)
      for (auto* store : lane->task->stores()) bytes += store->copied_bytes();
  return bytes;
}

}  // namespace headroom
