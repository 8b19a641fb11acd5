#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/concat.h"
#include "headroom/topology.h"
#include "kit/fake_store.h"
#include "kit/model_broker.h"
#include "simulator/oracle.h"
#include "worker/worker.h"

namespace headroom::simulator {

class SimulatedWorker;

// What schedules are of: two, whose lanes share a store.
std::vector<Topology> topologies();

// How often a crash fell on each step of commit, checkpoint and recovery, over all schedules so far.
using CrashCounts = std::map<std::string, uint64_t>;

// What one schedule came to.
struct Outcome {
  std::string violation;  // empty: none
  uint64_t records = 0;
  uint64_t commits = 0;
  uint64_t faults = 0;
  std::vector<std::string> trace;  // what happened, when asked for
};

// One schedule, a function of its seed alone: real workers over model brokers and a fake store, in simulated time and one thread. Each
// worker runs on a stack of its own and stops before and behind every call to the outside, where it may be left for a while (a freeze, and
// then a zombie) or for good (a crash), while others go on. At the end the faults stop, the workers must get everything done, and what they
// committed must be what a worker that never failed would have.
class Simulation {
 public:
  // `topologies`: the first is always simulated, now and then the second one beside it, over the same store.
  Simulation(std::span<const Topology> topologies, uint64_t seed, bool traced, CrashCounts& crashes);
  ~Simulation();

  Outcome run();

  // The steps of commits, checkpoints, recoveries and hand-overs before which crashes are meant to fall.
  static std::span<const char* const> steps();

 private:
  // The workers of one topology, with a broker of their own.
  struct Group {
    Group(const Topology& t, int lanes) : topology(t), broker(lanes), oracle(t, broker) {}
    const Topology& topology;
    kit::ModelBroker broker;
    Oracle oracle;
    bool offsets_lost = false;  // or set by an operator: not both in one schedule
  };
  struct Slot {
    Group* group;
    std::string name;
    std::unique_ptr<SimulatedWorker> worker;
    bool frozen = false;
  };

  // Of the high bits: the low ones of this generator repeat soon.
  uint64_t below(uint64_t limit) { return (random_() >> 32) * limit >> 32; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  Slot& pick() { return slots_[below(slots_.size())]; }
  Group& pick_group() { return *groups_[below(groups_.size())]; }
  template <class... Parts>
  void note(const Parts&... parts);
  void violate(std::string what);

  // The schedule.
  void add_group(const Topology& topology, size_t workers);
  void play();
  void finish();
  void check_everything();
  std::string unusable_checkpoint();
  std::string unusable_checkpoint(Group& group, const std::string& name, kit::FakeRedis::Lane& lane);
  void heal();
  bool settled() const;
  bool settle();
  void restart_paused(Slot& slot);
  void append(Group& group, uint64_t records);
  void start(Slot& slot);
  void go(Slot& slot, uint64_t steps, std::string_view until = {});
  void go_zombies();
  void check_memory(Slot& slot);

  // Faults.
  void fault();
  void fault_of_commit();
  void fault_of_worker();
  void fault_of_store();
  void fault_of_broker();
  void crash(Slot& slot);
  void crash_at_a_step();
  void leave_transaction_open();
  void crash_while_leaving();
  void freeze_in_a_commit();
  void checkpoint_after_death();
  void storm();
  void empty_group(Group& group);
  void lose_offsets(Group& group);
  void reset_offset(Group& group);
  void retain(Group& group);
  bool recovering(std::string_view lane) const;
  void store_forgets();
  void deliver_late(size_t count);

  const bool traced_;
  CrashCounts& crashes_;
  // Knuth's MMIX: schedules draw some thousand numbers each, and a generator with more state costs more to seed than to ask.
  std::linear_congruential_engine<uint64_t, 6364136223846793005U, 1442695040888963407U, 0> random_;
  kit::ModelClock clock_;
  kit::FakeRedis redis_;
  kit::FakeRedis remembered_;
  WorkerProbe probe_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<SimulatedWorker>> zombies_;
  std::deque<std::function<void()>> late_;  // what dead processes sent to the store and it has not read yet
  Outcome outcome_;
  uint64_t runs_ = 0;
  int64_t time_ms_ = 1'700'000'000'000;
  bool store_away_ = false;
  bool store_forgot_ = false;
};

// Adds a line to the trace, when one is asked for.
template <class... Parts>
void Simulation::note(const Parts&... parts) {
  if (!traced_) return;
  std::string line = std::to_string(clock_.steady_us() / 1000) + " ms:";
  ((line += concat(" ", parts)), ...);
  outcome_.trace.push_back(std::move(line));
}

}  // namespace headroom::simulator
