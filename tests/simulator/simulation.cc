#include "simulator/simulation.h"

#include <algorithm>

#include "kit/counting_topology.h"
#include "simulator/simulated_worker.h"
#include "worker/manifest_core.h"

namespace headroom::simulator {
namespace {

constexpr int kLanes = 2;
constexpr size_t kWorkers = 3;
constexpr uint64_t kLeastRecords = 500;
constexpr uint64_t kLeastFaults = 5;
constexpr uint64_t kLeastCommits = 20;
constexpr uint64_t kLeastTurns = 30;
// Turns within which everything must be done once the faults have stopped.
constexpr uint64_t kSettleTurns = 4000;
constexpr uint64_t kTurnSteps = 40;

EngineConfig engine() {
  EngineConfig config;
  config.batch_records = 20;
  config.outbox_records = 20;
  config.commit_interval_ms = 8;
  config.commit_linger_ms = 2;
  config.checkpoint_interval_ms = 90;
  config.redis_wait_ms = 300;
  config.stop_timeout_ms = 500;
  return config;
}

// What pages may wait for the store in one worker.
constexpr size_t kPendingBytes = 8192;

}  // namespace

std::vector<Topology> topologies() {
  return {kit::counting_topology(), kit::counting_topology("recounting")};
}

Simulation::Simulation(std::span<const Topology> topologies, uint64_t seed, bool traced, CrashCounts& crashes)
    : traced_(traced), crashes_(crashes), random_(seed) {
  add_group(topologies[0], kWorkers);
  if (one_in(8)) add_group(topologies[1], kWorkers - 1);
}

Simulation::~Simulation() = default;

void Simulation::add_group(const Topology& topology, size_t workers) {
  groups_.push_back(std::make_unique<Group>(topology, kLanes));
  for (size_t i = 0; i < workers; ++i)
    slots_.push_back({groups_.back().get(), std::string(1, static_cast<char>('a' + slots_.size())), nullptr, false});
}

void Simulation::violate(std::string what) {
  if (outcome_.violation.empty()) outcome_.violation = std::move(what);
}

// ---- workers

void Simulation::start(Slot& slot) {
  WorkerOptions options;
  options.installation = "sim";
  options.topology = slot.group->topology.name();
  options.slot = slot.name;
  options.run_id = slot.name + std::to_string(++runs_);
  options.engine = engine();
  options.max_pending_bytes = kPendingBytes;
  options.function = 7;
  slot.frozen = false;
  slot.worker = std::make_unique<SimulatedWorker>(slot.group->topology, options, slot.group->broker, clock_, redis_, probe_);
  if (store_away_) slot.worker->store().go_away();
  slot.worker->store().answer_after_polls(1 + static_cast<int>(below(4)));
  note("start", slot.name);
}

void Simulation::go(Slot& slot, uint64_t steps, std::string_view until) {
  if (slot.worker == nullptr || slot.frozen) return;
  slot.worker->go(steps, until);
  check_memory(slot);
  if (!slot.worker->ended()) return;
  note(slot.name, "ended:", slot.worker->end().to_string());
  slot.worker.reset();
}

// Processes whose slot another has taken: they go on until they are told.
void Simulation::go_zombies() {
  for (auto& zombie : zombies_) zombie->go(1 + below(kTurnSteps));
  std::erase_if(zombies_, [](const auto& zombie) { return zombie->ended(); });
}

// What waits to be sent ends at its limit, give or take one batch or one page.
void Simulation::check_memory(Slot& slot) {
  const auto config = engine();
  const auto most = static_cast<size_t>(config.outbox_records + 2 * config.batch_records);
  const size_t waiting = slot.worker->worker().outbox().records.size();
  if (waiting > most) violate(slot.name + " has " + std::to_string(waiting) + " outputs waiting");
  const size_t pending = slot.worker->store().pending_bytes();
  if (pending > 2 * kPendingBytes) violate(slot.name + " has " + std::to_string(pending) + " bytes waiting for the store");
}

void Simulation::append(Group& group, uint64_t records) {
  for (uint64_t i = 0; i < records; ++i, ++outcome_.records) {
    const auto partition = static_cast<Partition>(below(kLanes));
    group.broker.append(partition, "k", one_in(50) ? "bad" : "word" + std::to_string(below(one_in(2) ? 12 : 40)), time_ms_ += 7);
    if (one_in(10)) group.broker.append_gap(partition, 1);
  }
}

// ---- the schedule

Outcome Simulation::run() {
  for (auto& group : groups_) append(*group, 80);
  start(slots_[0]);
  play();
  finish();
  // Whoever restores now must have the same state: its next outputs tell, where the checkpoint itself could not be asked.
  if (outcome_.violation.empty() && (store_forgot_ || one_in(4))) {
    for (Slot& slot : slots_)
      if (slot.worker != nullptr) crash(slot);
    for (auto& group : groups_) append(*group, 20);
    heal();
    if (settle()) check_everything();
  }
  for (auto& group : groups_) outcome_.commits += group->broker.commits();
  return std::move(outcome_);
}

void Simulation::play() {
  size_t started = 1;
  for (uint64_t turn = 0; outcome_.records < kLeastRecords || outcome_.faults < kLeastFaults || turn < kLeastTurns; ++turn) {
    const uint64_t wanted = kLeastRecords - std::min(kLeastRecords, outcome_.records);
    if (one_in(2)) append(pick_group(), wanted > 0 ? std::min(wanted, 13 + below(26)) : 1 + below(3));
    if (one_in(6)) fault();
    for (uint64_t i = 0; i < 3; ++i) go(pick(), 1 + below(kTurnSteps));
    if (!zombies_.empty()) go_zombies();
    if (!late_.empty() && one_in(4)) deliver_late(1 + below(4));
    if (one_in(10)) pick_group().broker.deliver_late_commits();
    if (turn % 5 == 4 && started < slots_.size()) start(slots_[started++]);
  }
}

void Simulation::finish() {
  heal();
  const auto enough = [&](const auto& group) { return group->broker.commits() >= kLeastCommits; };
  bool done = settle();
  while (done && !std::all_of(groups_.begin(), groups_.end(), enough)) {
    for (auto& group : groups_) append(*group, 6);
    done = settle();
  }
  if (!done) return;
  check_everything();
  if (const auto wrong = unusable_checkpoint(); !wrong.empty()) violate(wrong);
}

void Simulation::check_everything() {
  for (auto& group : groups_) {
    if (const auto wrong = group->oracle.judge(); !wrong.empty()) violate(wrong);
    if (const auto wrong = group->oracle.missing(); !wrong.empty()) violate(wrong);
    if (!group->broker.violations().empty()) violate(group->broker.violations().front());
  }
}

// Faults stop: what is dead comes back, what sleeps wakes, the store and the brokers answer.
void Simulation::heal() {
  note("heal");
  store_away_ = false;
  deliver_late(late_.size());
  for (auto& group : groups_) {
    group->broker.set_away(false);
    group->broker.fail_next_commit(kit::ModelBroker::Fault::kNone);
    group->broker.deliver_late_commits();
  }
  for (Slot& slot : slots_) {
    slot.frozen = false;
    if (slot.worker == nullptr) start(slot);
    slot.worker->store().come_back();
    slot.worker->store().answer_after_polls(1);
  }
}

bool Simulation::settled() const {
  for (const auto& group : groups_) {
    for (Partition p = 0; p < kLanes; ++p) {
      const auto found = group->broker.offsets().find(p);
      if (found == group->broker.offsets().end() || found->second.offset != group->broker.bounds(p).end) return false;
    }
  }
  return true;
}

bool Simulation::settle() {
  for (uint64_t turn = 0; turn < kSettleTurns; ++turn) {
    if (settled()) return true;
    if (!zombies_.empty()) go_zombies();
    for (Slot& slot : slots_) {
      if (slot.worker == nullptr) {
        slot.group->broker.expire(slot.name);
        start(slot);
      }
      restart_paused(slot);
      go(slot, kTurnSteps / 2);
    }
  }
  std::string why = "not everything is committed though the faults have stopped";
  for (const Slot& slot : slots_) {
    if (slot.worker == nullptr) continue;
    for (const auto& lane : slot.worker->worker().lanes())
      why += "; " + slot.name + " has " + lane->name + " " + std::string(phase_name(lane->phase)) + " at " +
             std::to_string(lane->task->progress().next_offset) + " " + lane->trouble;
  }
  violate(why);
  return false;
}

// A lane that crashes have paused for a record which cannot kill is let go on, as an operator would who knows.
void Simulation::restart_paused(Slot& slot) {
  const auto& lanes = slot.worker->worker().lanes();
  const bool paused = std::any_of(lanes.begin(), lanes.end(), [](const LanePtr& lane) {
    return lane->phase == LanePhase::kPaused && lane->pause_reason == "poison_record";
  });
  if (!paused) return;
  for (auto& [name, lane] : redis_.lanes) lane.mark.reset();
  note("operator restarts", slot.name);
  slot.worker.reset();
  start(slot);
}

// A store that lost nothing holds, of every lane that it knows, a checkpoint that loads; and what follows it leads to the outputs that were
// committed (unless the last owner had not all of its records: then an older owner's checkpoint may know more).
std::string Simulation::unusable_checkpoint() {
  if (store_forgot_) return {};
  for (auto& group : groups_) {
    if (group->offsets_lost) continue;
    const std::string prefix = "sim." + group->topology.name() + "/";
    for (auto& [name, lane] : redis_.lanes)
      if (name.starts_with(prefix) && lane.manifest)
        if (auto wrong = unusable_checkpoint(*group, name, lane); !wrong.empty()) return name + ": " + wrong;
  }
  return {};
}

std::string Simulation::unusable_checkpoint(Group& group, const std::string& name, kit::FakeRedis::Lane& lane) {
  const auto partition = static_cast<Partition>(name.back() - '0');
  const auto task = group.topology.make_task({"sim", group.topology.name(), partition, 1});
  const auto core = decode_manifest_core(lane.manifest->core);
  Status status = core ? task->load_core(core.value().task) : core.status();
  for (const auto& [id, page] : lane.manifest->pages) {
    if (!status) break;
    if (!redis_.has_page(name, page)) return "its manifest names a page that is not there";
    status = task->stores()[id.store]->load_page(id.page, lane.pages[page].bytes);
  }
  for (StateStore* store : task->stores())
    if (status) status = store->finish_load();
  if (!status) return "its checkpoint does not load: " + status.to_string();
  const auto committed = group.broker.offsets().at(partition);
  if (task->progress().next_offset > *committed.offset) return "its checkpoint is ahead of its offset";
  if (group.oracle.is_loose(partition)) return {};
  std::vector<Record> records;
  for (const auto& r : group.broker.log(partition))
    if (r.offset >= task->progress().next_offset) records.push_back({r.offset, r.timestamp_ms, r.key, r.value});
  Outbox outbox;
  task->process({partition, records, group.broker.bounds(partition).end}, outbox);
  const auto metadata = decode_offset_metadata(committed.metadata);
  if (metadata && metadata.value().outputs != task->progress().outputs) return "its checkpoint leads to other outputs";
  return {};
}

}  // namespace headroom::simulator
