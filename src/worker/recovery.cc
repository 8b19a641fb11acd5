#include "worker/recovery.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/log.h"
#include "headroom/topology.h"

namespace headroom {
namespace {

constexpr int kStableReadMs = 300;
constexpr int kReadMs = 2000;
constexpr int kTakeoverMs = 5000;
constexpr size_t kPagesInFlight = 128;

}  // namespace

std::string_view phase_name(LanePhase phase) {
  switch (phase) {
    case LanePhase::kOffsets:
      return "reading_offsets";
    case LanePhase::kStore:
      return "reading_checkpoint";
    case LanePhase::kPages:
      return "restoring";
    case LanePhase::kReplaying:
      return "replaying";
    case LanePhase::kLive:
      return "live";
    case LanePhase::kPaused:
      return "paused";
  }
  return "unknown";
}

bool Recovery::advance(std::span<const LanePtr> lanes) {
  bool changed = false;
  read_offsets(lanes);
  for (const auto& lane : lanes) {
    const LanePhase before = lane->phase;
    if (clock_.steady_us() < lane->recovery.retry_at_us) continue;
    if (lane->phase == LanePhase::kStore) wait_for_store(lane);
    if (lane->phase == LanePhase::kPages) load_pages(lane);
    changed |= lane->phase != before;
  }
  return changed;
}

void Recovery::retry(Lane& lane, const std::string& trouble, int64_t after_ms) {
  lane.trouble = trouble;
  lane.recovery.retry_at_us = clock_.steady_us() + after_ms * 1000;
}

void Recovery::pause(Lane& lane, std::string_view reason, const std::string& trouble, Offset at) {
  lane.phase = LanePhase::kPaused;
  lane.pause_reason = reason;
  lane.trouble = trouble;
  lane.paused_at = at;
  log_error("lane paused", {{"lane", lane.name}, {"reason", lane.pause_reason}, {"why", lane.trouble}});
}

// ---- offsets ----

void Recovery::read_offsets(std::span<const LanePtr> lanes) {
  std::vector<Partition> partitions;
  for (const auto& lane : lanes)
    if (lane->phase == LanePhase::kOffsets && clock_.steady_us() >= lane->recovery.retry_at_us) partitions.push_back(lane->partition);
  if (partitions.empty()) return;
  const auto committed = stable_offsets(partitions);
  for (const auto& lane : lanes) {
    if (lane->phase != LanePhase::kOffsets || std::find(partitions.begin(), partitions.end(), lane->partition) == partitions.end())
      continue;
    if (!committed) {
      retry(*lane, "the committed offset cannot be read: " + committed.status().message());
      continue;
    }
    const auto& all = committed.value();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Committed& c) { return c.partition == lane->partition; });
    adopt_offsets(*lane, found == all.end() ? Committed{lane->partition, std::nullopt, {}} : *found);
  }
}

void Recovery::adopt_offsets(Lane& lane, const Committed& committed) {
  if (lane.parked) {
    lane.parked = false;
    if (committed.offset && *committed.offset == lane.committed && committed.metadata == lane.committed_metadata) {
      lane.phase = LanePhase::kLive;
      lane.careful.mark_due = true;
      return;
    }
    // Somebody had the lane in between: what is in memory is of the past.
    const auto identity = lane.task->identity();
    lane.task = topology_.make_task(identity);
    lane.checkpoint = {};
    lane.careful = {};
    lane.epoch_committed = lane.has_been_live = false;
  }
  lane.recovery = {};
  lane.recovery.started_us = clock_.steady_us();
  lane.recovery.committed = committed;
  lane.committed = committed.offset.value_or(-1);
  lane.committed_metadata = committed.metadata;
  if (committed.offset) {
    auto metadata = decode_offset_metadata(committed.metadata);
    if (metadata)
      lane.recovery.metadata = std::move(metadata).value();
    else
      log_warn("committed offset without metadata of ours", {{"lane", lane.name}, {"offset", *committed.offset}});
  }
  lane.phase = LanePhase::kStore;
  lane.trouble.clear();
}

// The stable read waits for open transactions. When one stays open and its owner is gone from the group, the owner's transaction is ended
// in its name: ten times sooner than waiting for its timeout.
Result<std::vector<Committed>> Recovery::stable_offsets(std::span<const Partition> partitions) {
  auto stable = source_.committed(partitions, true, kStableReadMs);
  if (stable || stable.status().code() != Code::kTimeout) return stable;
  const auto latest = source_.committed(partitions, false, kReadMs);
  if (!latest) return stable;
  end_dead_transactions(latest.value());
  return source_.committed(partitions, true, kStableReadMs);
}

void Recovery::end_dead_transactions(std::span<const Committed> committed) {
  std::set<std::string> owners;
  for (const auto& c : committed)
    if (const auto metadata = decode_offset_metadata(c.metadata); metadata && metadata.value().slot != options_.slot)
      owners.insert(metadata.value().slot);
  for (const auto& owner : owners) {
    const auto listed = source_.group_lists_slot(owner, kReadMs);
    if (!listed || listed.value()) continue;
    const Status ended = sink_.end_transaction_of(owner, kTakeoverMs);
    if (ended) {
      probe_.on_takeover();
      log_info("ended the open transaction of a dead worker", {{"slot", owner}});
    } else {
      log_warn("cannot end the transaction of a dead worker; waiting for its timeout", {{"slot", owner}, {"why", ended.message()}});
    }
  }
}

// ---- store ----

void Recovery::ask_store(const LanePtr& lane) {
  auto& r = lane->recovery;
  r.answers_missing = 3;
  r.store_failed = false;
  // An answer to a lane that has been dropped or asked anew in the meantime goes nowhere.
  const std::weak_ptr<Lane> weak = lane;
  const int64_t asked = r.started_us;
  const auto with_lane = [weak, asked](auto f) {
    const auto l = weak.lock();
    if (!l || l->recovery.started_us != asked || l->phase != LanePhase::kStore) return;
    --l->recovery.answers_missing;
    f(*l);
  };
  store_.read_manifest(lane->name, [with_lane](Result<std::optional<Manifest>> manifest) {
    with_lane([&](Lane& l) {
      if (manifest)
        l.recovery.manifest = std::move(manifest).value();
      else if (manifest.status().code() == Code::kCorrupt)
        log_warn("manifest is broken; rebuilding", {{"lane", l.name}, {"why", manifest.status().message()}});
      else
        l.recovery.store_failed = true;
    });
  });
  store_.read_mark(lane->name, [with_lane](Result<std::optional<AttemptMark>> mark) {
    with_lane([&](Lane& l) {
      if (mark)
        l.recovery.mark = mark.value();
      else
        l.recovery.store_failed = true;
    });
  });
  store_.read_skips(lane->name, [with_lane](Result<std::vector<Offset>> skips) {
    with_lane([&](Lane& l) {
      if (skips)
        l.skips = {skips.value().begin(), skips.value().end()};
      else
        l.recovery.store_failed = true;
    });
  });
}

void Recovery::wait_for_store(const LanePtr& lane) {
  auto& r = lane->recovery;
  const int64_t now = clock_.steady_us();
  if (r.store_since_us == 0) {
    r.store_since_us = now;
    ask_store(lane);
    return;
  }
  if (r.answers_missing > 0) return;
  if (!r.store_failed) return decide(lane);
  lane->trouble = "the checkpoint store does not answer: " + store_.trouble();
  if (now - r.store_since_us < options_.engine.redis_wait_ms * 1000) {
    ask_store(lane);
    return retry(*lane, lane->trouble, 200);
  }
  r.manifest.reset();
  decide(lane);
}

// ---- carrying it out ----

void Recovery::start_plan(const LanePtr& lane, const LogBounds& bounds) {
  auto& r = lane->recovery;
  auto& plan = r.plan;
  if (!plan.use_manifest) lane->task->reset();
  lane->task->set_incarnation(plan.incarnation);
  const Offset from = std::min(plan.replay_from, plan.target);
  if (from < bounds.start) {
    const auto missing = static_cast<uint64_t>(bounds.start - from);
    probe_.on_gap(missing);
    log_error("records were deleted before they were read",
              {{"lane", lane->name}, {"from", from}, {"to", bounds.start}, {"records", missing}});
    plan.replay_from = bounds.start;
    plan.target = std::max(plan.target, bounds.start);
    plan.compare = false;
  }
  r.pages.clear();
  if (plan.use_manifest) r.pages.assign(r.manifest->pages.begin(), r.manifest->pages.end());
  r.pages_asked = r.pages_loaded = 0;
  r.bytes_loaded = 0;
  r.pages_failed = false;
  lane->phase = LanePhase::kPages;
}

void Recovery::ask_pages(const LanePtr& lane) {
  auto& r = lane->recovery;
  const std::weak_ptr<Lane> weak = lane;
  const int64_t asked = r.started_us;
  while (r.pages_asked < r.pages.size() && r.pages_asked - r.pages_loaded < kPagesInFlight && !r.pages_failed) {
    const auto& [id, name] = r.pages[r.pages_asked++];
    store_.read_page(lane->name, name, [weak, asked, id = id](Result<std::string> page) {
      const auto l = weak.lock();
      if (!l || l->recovery.started_us != asked || l->phase != LanePhase::kPages) return;
      auto& recovery = l->recovery;
      ++recovery.pages_loaded;
      const auto stores = l->task->stores();
      Status status = page.status();
      if (status && id.store >= stores.size()) status = {Code::kCorrupt, "the manifest names a store that its core does not"};
      if (status) status = stores[id.store]->load_page(id.page, page.value());
      if (status) {
        recovery.bytes_loaded += page.value().size();
        return;
      }
      recovery.pages_failed = true;
      recovery.pages_trouble = status.to_string();
      if (status.code() == Code::kUnavailable || status.code() == Code::kTimeout) recovery.store_failed = true;
    });
  }
}

void Recovery::load_pages(const LanePtr& lane) {
  auto& r = lane->recovery;
  ask_pages(lane);
  if (r.pages_failed) {
    // Either way begin anew: when the store went away, ask it again. A page may be missing because the last owner's last checkpoint came
    // while this one was being loaded: there is another manifest then. Should it be the same again, it is worth nothing.
    const bool away = r.store_failed;
    log_warn(away ? "the checkpoint store went away during restore" : "a page of the checkpoint is missing or broken; looking again",
             {{"lane", lane->name}, {"why", r.pages_trouble}});
    lane->task->reset();
    r.started_us = std::max(clock_.steady_us(), r.started_us + 1);  // answers still on their way belong to the past
    r.pages_failed = false;
    lane->phase = LanePhase::kStore;
    if (!away) r.broken_owner = r.manifest->owner;
    r.manifest.reset();
    return ask_store(lane);
  }
  if (r.pages_loaded < r.pages.size()) return;
  for (auto* store : lane->task->stores()) {
    const Status status = store->finish_load();
    if (status) continue;
    r.pages_failed = true;
    r.pages_trouble = status.to_string();
    return load_pages(lane);
  }
  if (!r.pages.empty()) probe_.on_restore(r.bytes_loaded, clock_.steady_us() - r.started_us);
  start_replay(*lane);
}

void Recovery::start_replay(Lane& lane) {
  auto& r = lane.recovery;
  lane.epoch = r.plan.epoch;
  lane.checkpoint = {};
  if (r.plan.use_manifest) lane.checkpoint.owner = r.manifest->owner;
  lane.checkpoint.offset = r.plan.use_manifest ? lane.task->progress().next_offset : -1;
  lane.checkpoint.taken_us = clock_.steady_us();
  if (lane.task->progress().next_offset < r.plan.replay_from) lane.task->set_next_offset(r.plan.replay_from);
  lane.task->set_skips({lane.skips.begin(), lane.skips.end()});
  lane.phase = LanePhase::kReplaying;
  r.replay_started_us = clock_.steady_us();
  r.replayed_records = 0;
}

// On the way back from lost offsets what the topics hold is the truth of how far the numbers are, whatever a replay over a log that no
// longer reaches back, or by another function, has counted.
void Recovery::go_on_after_held(Lane& lane) const {
  const auto& held = lane.recovery.plan.held;
  if (held.empty()) return;
  auto outputs = lane.task->progress().outputs;
  bool differs = false;
  for (auto& output : outputs) {
    const auto found = held.find(output.topic);
    if (found == held.end() || found->second == output.sequence) continue;
    // In at_least_once what lies beyond was kept to be sent now.
    if (options_.engine.delivery == Delivery::kAtLeastOnce && output.sequence > found->second) continue;
    output.sequence = found->second;
    differs = true;
  }
  if (!differs) return;
  log_error("the replay did not give what the output topics hold; going on after their sequences", {{"lane", lane.name}});
  probe_.on_difference(lane.name);
  lane.task->set_outputs(std::move(outputs));
}

void Recovery::finish_replay(Lane& lane) {
  auto& r = lane.recovery;
  auto& plan = r.plan;
  const int64_t now = clock_.steady_us();
  if (lane.task->progress().next_offset < plan.target) lane.task->advance_to(plan.target);
  uint64_t dropped_fields = 0;
  for (auto* store : lane.task->stores()) dropped_fields += store->dropped_fields();
  go_on_after_held(lane);
  if (plan.outputs) {
    auto sorted = *plan.outputs;
    std::sort(sorted.begin(), sorted.end());
    if (plan.compare && dropped_fields == 0 && lane.task->progress().outputs != sorted) {
      log_error("the replay did not give what had been committed; going on from the committed sequences",
                {{"lane", lane.name}, {"offset", plan.target}});
      probe_.on_difference(lane.name);
      lane.checkpoint.owner.reset();
      lane.checkpoint.wanted = true;
    }
    lane.task->set_outputs(std::move(sorted));
  }
  if (dropped_fields > 0)
    log_warn("the checkpoint is of a newer binary; fields it does not know here were dropped",
             {{"lane", lane.name}, {"fields", dropped_fields}});
  if (plan.checkpoint_whole) lane.checkpoint.owner.reset();
  const bool other_function = r.metadata && r.metadata->function != options_.function;
  lane.checkpoint.wanted |= plan.checkpoint_whole || plan.checkpoint_now || other_function;
  lane.phase = LanePhase::kLive;
  lane.has_been_live = true;
  lane.commit_now = true;
  lane.epoch_committed = false;
  probe_.on_replay(r.replayed_records, now - r.replay_started_us);
  log_info("lane live", {{"lane", lane.name},
                         {"offset", lane.task->progress().next_offset},
                         {"epoch", lane.epoch},
                         {"restored_bytes", r.bytes_loaded},
                         {"restore_ms", (r.replay_started_us - r.started_us) / 1000},
                         {"replay_ms", (now - r.replay_started_us) / 1000},
                         {"replayed", r.replayed_records}});
}

}  // namespace headroom
