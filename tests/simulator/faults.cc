#include <algorithm>
#include <iterator>

#include "simulator/simulated_worker.h"
#include "simulator/simulation.h"
#include "worker/manifest_core.h"

namespace headroom::simulator {
namespace {

// At most so far for a step that a crash is meant for.
constexpr uint64_t kAimSteps = 300;

// Steps of a commit, a checkpoint, a recovery and a hand-over: most crashes are meant for these, the others fall where they fall.
constexpr const char* kAims[] = {"begin",
                                 "begun",
                                 "produce",
                                 "produced",
                                 "send offsets",
                                 "offsets sent",
                                 "commit",
                                 "committed",
                                 "abort",
                                 "aborted",
                                 "open producer",
                                 "producer open",
                                 "write page",
                                 "page queued",
                                 "flip",
                                 "flip queued",
                                 "read offsets",
                                 "offsets read",
                                 "read members",
                                 "members read",
                                 "end transaction",
                                 "transaction ended",
                                 "read manifest",
                                 "read page",
                                 "read bounds",
                                 "bounds read",
                                 "read timestamp",
                                 "timestamp read",
                                 "scan outputs",
                                 "outputs scanned",
                                 "assign",
                                 "assigned",
                                 "subscribe",
                                 "subscribed",
                                 "leave",
                                 "left",
                                 "write mark",
                                 "wait for store"};

}  // namespace

std::span<const char* const> Simulation::steps() {
  return kAims;
}

void Simulation::fault() {
  ++outcome_.faults;
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
      return fault_of_commit();
    case 3:
    case 4:
    case 5:
      return fault_of_store();
    case 6:
    case 7:
      return fault_of_broker();
    case 8:
      return leave_transaction_open();
    case 9:
      return crash_while_leaving();
    case 10:
      return freeze_in_a_commit();
    case 11:
      return storm();
    case 12:
      return checkpoint_after_death();
    case 13:
    case 14:
    case 15:
      return crash_at_a_step();
    default:
      return fault_of_worker();
  }
}

void Simulation::fault_of_commit() {
  using Fault = kit::ModelBroker::Fault;
  static constexpr struct {
    Fault fault;
    const char* text;
  } kFaults[] = {{Fault::kAborted, "the next commit aborts"},
                 {Fault::kUnknownDone, "the next commit's answer is lost, it is done"},
                 {Fault::kUnknownNotDone, "the next commit's answer is lost, it is not done"},
                 {Fault::kUnknownLate, "the next commit's answer is lost, it may be done later"}};
  const auto& chosen = kFaults[below(std::size(kFaults))];
  note(chosen.text);
  pick_group().broker.fail_next_commit(chosen.fault);
}

// ---- workers

// As SIGKILL. Of what was on its way to the store some got there, and the rest may get there yet.
void Simulation::crash(Slot& slot) {
  ++crashes_[slot.worker->at()];
  note("crash", slot.name, "before", slot.worker->at());
  if (one_in(3)) {
    for (auto& effect : slot.worker->store().in_flight()) late_.push_back(std::move(effect));
  } else {
    slot.worker->store().go_away(below(6));
  }
  slot.worker.reset();
  slot.frozen = false;
  if (one_in(3)) slot.group->broker.expire(slot.name);
}

void Simulation::fault_of_worker() {
  Slot& slot = pick();
  if (slot.worker == nullptr) {
    if (one_in(2)) slot.group->broker.expire(slot.name);
    return start(slot);
  }
  switch (below(8)) {
    case 0:
      note(slot.frozen ? "wake" : "freeze", slot.name);
      slot.frozen = !slot.frozen;
      return;
    case 1:
      note("session ends of", slot.name);
      return slot.group->broker.expire(slot.name);
    case 2:
      note("freeze and session ends of", slot.name);
      slot.frozen = true;
      return slot.group->broker.expire(slot.name);
    case 3:
      note("notice to", slot.name);
      return slot.worker->ask_to_stop(one_in(2));
    case 4:
      note("a second process of", slot.name);
      zombies_.push_back(std::move(slot.worker));
      return start(slot);
    default:
      crash(slot);
      if (one_in(2)) start(slot);
  }
}

void Simulation::crash_at_a_step() {
  Slot& slot = pick();
  if (slot.worker == nullptr || slot.frozen) return start(slot);
  const char* aim = kAims[below(std::size(kAims))];
  if (std::string_view(aim).starts_with("abort")) slot.group->broker.fail_next_commit(kit::ModelBroker::Fault::kAborted);
  go(slot, kAimSteps, aim);
  if (slot.worker == nullptr) return;
  crash(slot);
  if (one_in(2)) start(slot);
}

// A worker dies with its offsets in an open transaction, and the group forgets it: whoever takes over has to end that transaction, and may
// die over it.
void Simulation::leave_transaction_open() {
  Slot& victim = pick();
  if (victim.worker == nullptr || victim.frozen) return start(victim);
  go(victim, kAimSteps, "offsets sent");
  if (victim.worker == nullptr) return;
  crash(victim);
  victim.group->broker.expire(victim.name);
  static constexpr const char* kEnding[] = {"read members", "members read", "end transaction", "transaction ended"};
  Slot& successor = pick();
  if (successor.worker == nullptr || successor.frozen) return;
  go(successor, kAimSteps, kEnding[below(std::size(kEnding))]);
  if (successor.worker != nullptr && one_in(2)) crash(successor);
}

// A notice, and the machine gone before it could leave.
void Simulation::crash_while_leaving() {
  Slot& slot = pick();
  if (slot.worker == nullptr || slot.frozen) return start(slot);
  note("notice to", slot.name);
  slot.worker->ask_to_stop(false);
  go(slot, kAimSteps, one_in(2) ? "leave" : "left");
  if (slot.worker != nullptr && one_in(2)) crash(slot);
}

// A worker falls asleep amid a commit for longer than its session; it wakes as a zombie, some time later, and goes on where it was.
void Simulation::freeze_in_a_commit() {
  Slot& slot = pick();
  if (slot.worker == nullptr || slot.frozen) return start(slot);
  static constexpr const char* kAmid[] = {"begun", "produced", "send offsets", "offsets sent", "commit"};
  go(slot, kAimSteps, kAmid[below(std::size(kAmid))]);
  if (slot.worker == nullptr) return;
  note("freeze", slot.name, "before", slot.worker->at());
  slot.frozen = true;
  slot.group->broker.expire(slot.name);
}

// A worker dies with a checkpoint on its way; it arrives while the next owner loads the one before.
void Simulation::checkpoint_after_death() {
  Slot& victim = pick();
  if (victim.worker == nullptr || victim.frozen) return start(victim);
  go(victim, kAimSteps, "flip queued");
  if (victim.worker == nullptr) return;
  for (auto& effect : victim.worker->store().in_flight()) late_.push_back(std::move(effect));
  crash(victim);
  victim.group->broker.expire(victim.name);
  // The group settles only when all of its members have heard.
  for (int round = 0; round < 3; ++round)
    for (Slot& slot : slots_) go(slot, kAimSteps / 3, "read page");
  note("what it sent to the store arrives");
  deliver_late(late_.size());
}

// Workers come and go faster than the group can settle.
void Simulation::storm() {
  note("storm");
  for (uint64_t i = 4 + below(8); i > 0; --i) {
    Slot& slot = pick();
    if (slot.worker == nullptr)
      start(slot);
    else if (one_in(2))
      slot.group->broker.expire(slot.name);
    else
      slot.worker->ask_to_stop(false);
    for (Slot& other : slots_) go(other, below(20));
  }
}

// ---- brokers

void Simulation::fault_of_broker() {
  Group& group = pick_group();
  switch (below(8)) {
    case 0:
    case 1:
      group.broker.set_away(!group.broker.away());
      return note(group.broker.away() ? "broker away" : "broker back");
    case 2:
      note("open transactions time out");
      return group.broker.time_out_transactions(clock_.steady_us());
    case 3:
      note("late commits arrive");
      return group.broker.deliver_late_commits();
    case 4:
      return one_in(2) ? lose_offsets(group) : reset_offset(group);
    case 5:
    case 6:
      return retain(group);
    default:
      note("the clock is set");
      return clock_.step_wall_ms(static_cast<int64_t>(below(7'200'000)) - 3'600'000);
  }
}

// Everybody is gone for long, zombies too; what they sent has arrived.
void Simulation::empty_group(Group& group) {
  for (Slot& slot : slots_) {
    if (slot.group != &group) continue;
    if (slot.worker != nullptr) crash(slot);
    group.broker.expire(slot.name);
  }
  zombies_.clear();
  deliver_late(late_.size());
}

// All are gone for so long that the group's offsets expire; now and then the store has forgotten by then, too, and records are gone.
void Simulation::lose_offsets(Group& group) {
  if (group.offsets_lost) return;
  empty_group(group);
  note("offsets expire");
  group.broker.expire_offsets();
  if (one_in(2)) return;
  note("store flushed");
  redis_.flush();
  store_forgets();
  retain(group);
}

// An operator sends the group back, or ahead, to an offset of the log. A replica of the store may know nothing of what follows.
void Simulation::reset_offset(Group& group) {
  empty_group(group);
  if (one_in(2)) remembered_ = redis_;
  if (const auto wrong = group.oracle.judge(); !wrong.empty()) violate(wrong);
  const auto partition = static_cast<Partition>(below(static_cast<uint64_t>(group.broker.partitions())));
  const LogBounds bounds = group.broker.bounds(partition);
  const Offset offset = bounds.start + static_cast<Offset>(below(static_cast<uint64_t>(bounds.end - bounds.start) + 1));
  note("offset set of", group.topology.name(), std::to_string(partition), "to", std::to_string(offset));
  group.broker.reset_offset(partition, offset);
  group.oracle.reset(partition, offset);
  if (bounds.start > 0) group.oracle.loosen(partition);
  group.offsets_lost = true;
}

// Whether some worker is on its way to this lane's state: what it has found in the store may be older than what is there now.
bool Simulation::recovering(std::string_view lane) const {
  const auto recovers = [&](const SimulatedWorker* worker) {
    return worker != nullptr && std::any_of(worker->worker().lanes().begin(), worker->worker().lanes().end(),
                                            [&](const LanePtr& one) { return one->name == lane && one->phase != LanePhase::kLive; });
  };
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) { return recovers(slot.worker.get()); }) ||
         std::any_of(zombies_.begin(), zombies_.end(), [&](const auto& zombie) { return recovers(zombie.get()); });
}

// Retention deletes old records, now and then some that are still needed: those that no checkpoint holds, or nobody has read.
void Simulation::retain(Group& group) {
  const auto partition = static_cast<Partition>(below(static_cast<uint64_t>(group.broker.partitions())));
  const std::string name = "sim." + group.topology.name() + "/" + std::to_string(partition);
  const auto lane = redis_.lanes.find(name);
  Offset kept = 0;
  if (lane != redis_.lanes.end() && lane->second.manifest)
    if (const auto core = decode_manifest_core(lane->second.manifest->core)) kept = core.value().offset;
  if (const auto at = group.broker.offsets().find(partition); at != group.broker.offsets().end() && at->second.offset)
    kept = std::min(kept, *at->second.offset);
  const LogBounds bounds = group.broker.bounds(partition);
  const Offset start = one_in(4) ? bounds.start + static_cast<Offset>(below(static_cast<uint64_t>(bounds.end - bounds.start) + 1)) : kept;
  if (start <= bounds.start) return;
  note("retention of", name, "to", std::to_string(start));
  group.oracle.follow();
  if (start > kept || store_forgot_ || group.offsets_lost || recovering(name)) group.oracle.loosen(partition);
  group.broker.delete_before(partition, start);
}

// ---- the store

void Simulation::fault_of_store() {
  switch (below(8)) {
    case 0:
    case 1:
      store_away_ = !store_away_;
      note(store_away_ ? "store away" : "store back");
      for (Slot& slot : slots_) {
        if (slot.worker == nullptr) continue;
        if (store_away_)
          slot.worker->store().go_away(below(8));
        else
          slot.worker->store().come_back();
      }
      return;
    case 2:
      note("store flushed");
      redis_.flush();
      return store_forgets();
    case 3:
      note("store remembered");
      remembered_ = redis_;
      return;
    case 4:
      note("store fails over to what was remembered");
      redis_ = remembered_;
      return store_forgets();
    case 5:
      for (auto& [name, lane] : redis_.lanes) {
        if (lane.pages.empty() || one_in(2)) continue;
        note("page evicted of", name);
        lane.pages.erase(std::next(lane.pages.begin(), static_cast<std::ptrdiff_t>(below(lane.pages.size()))));
      }
      return store_forgets();
    case 6:
      note("manifests evicted");
      for (auto& [name, lane] : redis_.lanes)
        if (one_in(2)) lane.manifest.reset();
      return store_forgets();
    default:
      note("store slow or fast");
      for (Slot& slot : slots_)
        if (slot.worker != nullptr) slot.worker->store().answer_after_polls(1 + static_cast<int>(below(12)));
  }
}

// Where the log no longer begins at its beginning, what is built anew from it may differ.
void Simulation::store_forgets() {
  store_forgot_ = true;
  for (auto& group : groups_)
    for (Partition p = 0; p < group->broker.partitions(); ++p)
      if (group->broker.bounds(p).start > 0) group->oracle.loosen(p);
}

void Simulation::deliver_late(size_t count) {
  for (; count > 0 && !late_.empty(); --count) {
    late_.front()();
    late_.pop_front();
  }
}

}  // namespace headroom::simulator
