#include "simulator/simulation.h"

#include <algorithm>
#include <iterator>

#include "base/concat.h"
#include "engine/offset_metadata.h"
#include "simulator/simulated_worker.h"
#include "worker/manifest_core.h"

namespace headroom::simulator {
namespace {

constexpr int kLanes = 2;
constexpr size_t kWorkers = 3;
constexpr uint64_t kLeastRecords = 500;
constexpr uint64_t kLeastFaults = 5;
constexpr uint64_t kLeastCommits = 20;
// Steps within which everything must be done once the faults have stopped.
constexpr uint64_t kSettleTurns = 4000;
constexpr uint64_t kTurnSteps = 40;
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

std::string text_of_record(const OutRecord& record) {
  return record.value + " (sequence " + std::to_string(record.sequence) + ", offset " + std::to_string(record.input_offset) +
         ", incarnation " + std::to_string(record.incarnation) + ")";
}

EngineConfig engine() {
  EngineConfig config;
  config.batch_records = 20;
  config.outbox_records = 15;
  config.commit_interval_ms = 8;
  config.commit_linger_ms = 2;
  config.checkpoint_interval_ms = 60;
  config.redis_wait_ms = 300;
  config.stop_timeout_ms = 500;
  return config;
}

}  // namespace

Simulation::Simulation(const Topology& topology, uint64_t seed, bool traced, CrashCounts& crashes)
    : topology_(topology), traced_(traced), crashes_(crashes), random_(seed), broker_(kLanes) {
  for (size_t i = 0; i < kWorkers; ++i) slots_.push_back({std::string(1, static_cast<char>('a' + i)), nullptr, false});
}

Simulation::~Simulation() = default;

template <class... Parts>
void Simulation::note(const Parts&... parts) {
  if (!traced_) return;
  std::string line = std::to_string(clock_.steady_us() / 1000) + " ms:";
  ((line += concat(" ", parts)), ...);
  outcome_.trace.push_back(std::move(line));
}

std::span<const char* const> Simulation::steps() {
  return kAims;
}

// ---- workers

void Simulation::start(Slot& slot) {
  WorkerOptions options;
  options.installation = "sim";
  options.topology = "counting";
  options.slot = slot.name;
  options.run_id = slot.name + std::to_string(++runs_);
  options.engine = engine();
  options.function = 7;
  slot.frozen = false;
  slot.worker = std::make_unique<SimulatedWorker>(topology_, options, broker_, clock_, redis_, probe_);
  if (store_away_) slot.worker->store().go_away();
  slot.worker->store().answer_after_polls(1 + static_cast<int>(below(4)));
  note("start", slot.name);
}

// As SIGKILL. Of what was on its way to the store some may have got there.
void Simulation::crash(Slot& slot) {
  ++crashes_[slot.worker->at()];
  note("crash", slot.name, "before", slot.worker->at());
  slot.worker->store().go_away(below(6));
  slot.worker.reset();
  slot.frozen = false;
  if (one_in(3)) broker_.expire(slot.name);
}

void Simulation::go(Slot& slot, uint64_t steps, std::string_view until) {
  if (slot.worker == nullptr || slot.frozen) return;
  slot.worker->go(steps, until);
  if (!slot.worker->ended()) return;
  note(slot.name, "ended:", slot.worker->end().to_string());
  slot.worker.reset();
}

// Processes whose slot another has taken: they go on until they are told.
void Simulation::go_zombies() {
  for (auto& zombie : zombies_) zombie->go(1 + below(kTurnSteps));
  std::erase_if(zombies_, [](const auto& zombie) { return zombie->ended(); });
}

void Simulation::append(uint64_t records) {
  for (uint64_t i = 0; i < records; ++i, ++outcome_.records) {
    const auto partition = static_cast<Partition>(below(kLanes));
    broker_.append(partition, "k", one_in(50) ? "bad" : "word" + std::to_string(below(one_in(2) ? 20 : 100)), time_ms_ += 7);
    if (one_in(10)) broker_.append_gap(partition, 1);
  }
}

// ---- faults

void Simulation::fault() {
  ++outcome_.faults;
  switch (below(17)) {
    case 10:
    case 11:
    case 12:
      return crash_at_a_step();
    case 13:
      return one_in(4) ? lose_offsets() : crash_at_a_step();
    case 14:
      return leave_transaction_open();
    case 15:
      return crash_while_leaving();
    case 16:
      return freeze_in_a_commit();
    case 0:
      note("the next commit aborts");
      return broker_.fail_next_commit(kit::ModelBroker::Fault::kAborted);
    case 1:
      note("the next commit's answer is lost, it is done");
      return broker_.fail_next_commit(kit::ModelBroker::Fault::kUnknownDone);
    case 2:
      note("the next commit's answer is lost, it is not done");
      return broker_.fail_next_commit(kit::ModelBroker::Fault::kUnknownNotDone);
    case 3:
    case 4:
    case 5:
      return fault_of_store();
    default:
      return fault_of_worker();
  }
}

void Simulation::fault_of_worker() {
  Slot& slot = pick();
  if (slot.worker == nullptr) {
    if (one_in(2)) broker_.expire(slot.name);
    return start(slot);
  }
  switch (below(8)) {
    case 0:
      note(slot.frozen ? "wake" : "freeze", slot.name);
      slot.frozen = !slot.frozen;
      return;
    case 1:
      note("session ends of", slot.name);
      return broker_.expire(slot.name);
    case 2:
      note("freeze and session ends of", slot.name);
      slot.frozen = true;
      return broker_.expire(slot.name);
    case 3:
      note("ask to stop", slot.name);
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
  broker_.expire(victim.name);
  static constexpr const char* kEnding[] = {"read members", "members read", "end transaction", "transaction ended"};
  Slot& successor = pick();
  if (successor.worker == nullptr || successor.frozen) return;
  go(successor, kAimSteps, kEnding[below(std::size(kEnding))]);
  if (successor.worker != nullptr && one_in(2)) crash(successor);
}

void Simulation::crash_while_leaving() {
  Slot& slot = pick();
  if (slot.worker == nullptr || slot.frozen) return start(slot);
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
  broker_.expire(slot.name);
}

// All are gone for so long that the group's offsets expire.
void Simulation::lose_offsets() {
  for (Slot& slot : slots_) {
    if (slot.worker != nullptr) crash(slot);
    broker_.expire(slot.name);
  }
  note("offsets expire");
  broker_.expire_offsets();
  start(pick());
}

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
      store_lost_something_ = true;
      note("store flushed");
      return redis_.flush();
    case 3:
      note("store remembered");
      remembered_ = redis_;
      return;
    case 4:
      store_lost_something_ = true;
      note("store fails over to what was remembered");
      redis_ = remembered_;
      return;
    case 5: {
      store_lost_something_ = true;
      for (auto& [name, lane] : redis_.lanes) {
        if (lane.pages.empty() || one_in(2)) continue;
        const auto page = std::next(lane.pages.begin(), static_cast<std::ptrdiff_t>(below(lane.pages.size())));
        note("page evicted of", name);
        lane.pages.erase(page);
      }
      return;
    }
    case 6:
      store_lost_something_ = true;
      for (auto& [name, lane] : redis_.lanes)
        if (one_in(2)) lane.manifest.reset();
      return note("manifests evicted");
    default:
      for (Slot& slot : slots_)
        if (slot.worker != nullptr) slot.worker->store().answer_after_polls(1 + static_cast<int>(below(12)));
      return note("store slow or fast");
  }
}

// Faults stop: what is dead comes back, what sleeps wakes, the store answers. A lane that crashes have paused for a record which cannot
// kill is let go on, as an operator would who knows.
void Simulation::heal() {
  note("heal");
  broker_.fail_next_commit(kit::ModelBroker::Fault::kNone);
  store_away_ = false;
  for (Slot& slot : slots_) {
    slot.frozen = false;
    if (slot.worker == nullptr) start(slot);
    slot.worker->store().come_back();
    slot.worker->store().answer_after_polls(1);
  }
}

// ---- the schedule

Outcome Simulation::run() {
  append(100);
  start(slots_[0]);
  for (uint64_t turn = 0; outcome_.records < kLeastRecords || outcome_.faults < kLeastFaults || turn < 100; ++turn) {
    if (one_in(6)) append(10 + below(60));
    if (one_in(8)) fault();
    for (uint64_t i = 0; i < 3; ++i) go(pick(), 1 + below(kTurnSteps));
    if (one_in(4)) go_zombies();
    if (turn == 10 || turn == 20) start(slots_[turn / 10]);
  }
  heal();
  while (outcome_.violation.empty() && broker_.commits() < kLeastCommits) {
    append(20);
    if (!settle()) break;
  }
  if (outcome_.violation.empty() && settle()) outcome_.violation = difference();
  if (outcome_.violation.empty()) outcome_.violation = unusable_checkpoint();
  // Whoever restores now must have the same state: its next outputs tell.
  if (outcome_.violation.empty()) {
    for (Slot& slot : slots_)
      if (slot.worker != nullptr) crash(slot);
    append(60);
    heal();
    if (settle()) outcome_.violation = difference();
  }
  if (outcome_.violation.empty() && !broker_.violations().empty()) outcome_.violation = broker_.violations().front();
  outcome_.commits = broker_.commits();
  return std::move(outcome_);
}

bool Simulation::settled() const {
  for (Partition p = 0; p < kLanes; ++p) {
    const auto found = broker_.offsets().find(p);
    if (found == broker_.offsets().end() || found->second.offset != broker_.bounds(p).end) return false;
  }
  return true;
}

bool Simulation::settle() {
  for (uint64_t turn = 0; turn < kSettleTurns; ++turn) {
    if (settled()) return true;
    go_zombies();
    for (Slot& slot : slots_) {
      if (slot.worker == nullptr) {
        broker_.expire(slot.name);
        start(slot);
      }
      bool paused = false;
      for (const auto& lane : slot.worker->worker().lanes())
        if (lane->phase == LanePhase::kPaused) paused = lane->pause_reason == "poison_record";
      if (paused) {
        for (auto& [name, lane] : redis_.lanes) lane.mark.reset();
        note("operator restarts", slot.name);
        slot.worker.reset();
        start(slot);
      }
      go(slot, kTurnSteps);
    }
  }
  outcome_.violation = "not everything is committed though the faults have stopped";
  for (const Slot& slot : slots_) {
    if (slot.worker == nullptr) continue;
    for (const auto& lane : slot.worker->worker().lanes())
      outcome_.violation += "; " + slot.name + " has " + lane->name + " " + std::string(phase_name(lane->phase)) + " at " +
                            std::to_string(lane->task->progress().next_offset) + " " + lane->trouble;
  }
  return false;
}

// A store that lost nothing holds, of every lane that it knows, a checkpoint that loads; and what follows it leads to the outputs that were
// committed.
std::string Simulation::unusable_checkpoint() {
  if (store_lost_something_) return {};
  for (auto& [name, lane] : redis_.lanes) {
    if (!lane.manifest) continue;
    const auto partition = static_cast<Partition>(name.back() - '0');
    const auto task = topology_.make_task({"sim", "counting", partition, 1});
    const auto core = decode_manifest_core(lane.manifest->core);
    Status status = core ? task->load_core(core.value().task) : core.status();
    for (const auto& [id, page] : lane.manifest->pages) {
      if (!status) break;
      if (!redis_.has_page(name, page)) return name + ": its manifest names a page that is not there";
      status = task->stores()[id.store]->load_page(id.page, lane.pages[page].bytes);
    }
    for (StateStore* store : task->stores())
      if (status) status = store->finish_load();
    if (!status) return name + ": its checkpoint does not load: " + status.to_string();
    const auto committed = broker_.offsets().at(partition);
    if (task->progress().next_offset > *committed.offset) return name + ": its checkpoint is ahead of its offset";
    std::vector<Record> records;
    for (const auto& r : broker_.log(partition)) records.push_back({r.offset, r.timestamp_ms, r.key, r.value});
    Outbox outbox;
    task->process({partition, records, broker_.bounds(partition).end}, outbox);
    const auto metadata = decode_offset_metadata(committed.metadata);
    if (metadata && metadata.value().outputs != task->progress().outputs) return name + ": its checkpoint leads to other outputs";
  }
  return {};
}

// Empty when the committed output of every lane is that of one task which took the whole log, byte for byte and in order.
std::string Simulation::difference() const {
  for (Partition p = 0; p < kLanes; ++p) {
    const auto task = topology_.make_task({"sim", "counting", p, 1});
    std::vector<Record> records;
    for (const auto& r : broker_.log(p)) records.push_back({r.offset, r.timestamp_ms, r.key, r.value});
    Outbox want;
    task->process({p, records, broker_.bounds(p).end}, want);
    std::map<std::string, size_t> at;
    std::map<std::string, std::vector<const OutRecord*>> wanted;
    for (const auto& r : want.records) wanted[r.topic].push_back(&r);
    const std::string lane = task->identity().lane();
    for (const OutRecord& have : broker_.output()) {
      if (have.lane != lane) continue;
      const auto& of_topic = wanted[have.topic];
      size_t& next = at[have.topic];
      if (next >= of_topic.size()) return lane + " " + have.topic + ": one too many: " + have.value;
      const OutRecord& should = *of_topic[next++];
      if (have.sequence != should.sequence || have.value != should.value || have.key != should.key || have.headers != should.headers ||
          have.input_offset != should.input_offset || have.incarnation != should.incarnation)
        return lane + " " + have.topic + ": " + text_of_record(have) + " instead of " + text_of_record(should);
    }
    for (const auto& [topic, all] : wanted)
      if (at[topic] < all.size()) return lane + " " + topic + ": missing: " + all[at[topic]]->value;
  }
  return {};
}

}  // namespace headroom::simulator
