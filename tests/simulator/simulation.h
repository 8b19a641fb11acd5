#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/topology.h"
#include "kit/fake_store.h"
#include "kit/model_broker.h"
#include "worker/worker.h"

namespace headroom::simulator {

class SimulatedWorker;

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

// One schedule, a function of its seed alone: real workers over a model broker and a fake store, in simulated time and one thread. Each
// worker runs on a stack of its own and stops before and behind every call to the outside, where it may be left for a while (a freeze, and
// then a zombie) or for good (a crash), while others go on. At the end the faults stop, the workers must get everything done, and what they
// committed must be what a worker that never failed would have.
class Simulation {
 public:
  Simulation(const Topology& topology, uint64_t seed, bool traced, CrashCounts& crashes);
  ~Simulation();

  Outcome run();

  // The steps of commits, checkpoints, recoveries and hand-overs before which crashes are meant to fall.
  static std::span<const char* const> steps();

 private:
  struct Slot {
    std::string name;
    std::unique_ptr<SimulatedWorker> worker;
    bool frozen = false;
  };

  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  Slot& pick() { return slots_[below(slots_.size())]; }
  template <class... Parts>
  void note(const Parts&... parts);

  void start(Slot& slot);
  void crash(Slot& slot);
  void go(Slot& slot, uint64_t steps, std::string_view until = {});
  void go_zombies();
  void append(uint64_t records);
  void fault();
  void fault_of_worker();
  void crash_at_a_step();
  void leave_transaction_open();
  void crash_while_leaving();
  void freeze_in_a_commit();
  void lose_offsets();
  void fault_of_store();
  void heal();
  bool settled() const;
  bool settle();
  std::string difference() const;
  std::string unusable_checkpoint();

  const Topology& topology_;
  const bool traced_;
  CrashCounts& crashes_;
  std::mt19937_64 random_;
  kit::ModelBroker broker_;
  kit::ModelClock clock_;
  kit::FakeRedis redis_;
  kit::FakeRedis remembered_;
  WorkerProbe probe_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<SimulatedWorker>> zombies_;
  Outcome outcome_;
  uint64_t runs_ = 0;
  int64_t time_ms_ = 1'700'000'000'000;
  bool store_away_ = false;
  bool store_lost_something_ = false;
};

}  // namespace headroom::simulator
