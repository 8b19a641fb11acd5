#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "headroom/topology.h"
#include "kit/counting_topology.h"
#include "kit/fake_store.h"
#include "kit/model_broker.h"
#include "worker/worker.h"

namespace headroom::kit {

// Real workers over a model broker and a fake store, stepped by the test in any order, crashed and frozen at will.
class ModelFleet {
 public:
  explicit ModelFleet(int partitions) : broker(partitions), topology(counting_topology()) {
    engine.redis_wait_ms = 2000;
    engine.checkpoint_interval_ms = 500;
    engine.commit_interval_ms = 50;
  }

  struct Instance {
    std::unique_ptr<ModelSource> source;
    std::unique_ptr<ModelSink> sink;
    std::unique_ptr<FakeStore> store;
    std::unique_ptr<Worker> worker;
    Status last;
  };

  Worker& start(const std::string& slot) {
    auto& i = workers[slot];
    i = {};
    i.source = std::make_unique<ModelSource>(broker, clock, slot);
    i.sink = std::make_unique<ModelSink>(broker, clock, slot);
    i.store = std::make_unique<FakeStore>(redis, [this](int64_t us) { clock.advance_us(us); });
    WorkerOptions options;
    options.installation = "test";
    options.topology = "counting";
    options.slot = slot;
    options.run_id = slot + "-" + std::to_string(++runs_);
    options.engine = engine;
    options.function = function;
    options.rebuild = rebuild;
    i.worker = std::make_unique<Worker>(topology, options, *i.source, *i.sink, *i.store, clock, probe);
    i.last = i.worker->start();
    return *i.worker;
  }

  // As SIGKILL: nothing more of it happens. Its session and its transaction stay until they end.
  void crash(const std::string& slot) { workers.erase(slot); }
  void crash_and_expire(const std::string& slot) {
    crash(slot);
    broker.expire(slot);
  }

  Status step(const std::string& slot) {
    auto& i = workers.at(slot);
    i.last = i.worker->step(5);
    return i.last;
  }
  void step_all(int turns) {
    for (int t = 0; t < turns; ++t)
      for (auto& [slot, i] : workers)
        if (i.last) i.last = i.worker->step(5);
  }
  bool settled() {
    for (Partition p = 0; p < broker.partitions(); ++p) {
      const auto found = broker.offsets().find(p);
      if (found == broker.offsets().end() || found->second.offset != broker.bounds(p).end) return false;
    }
    return true;
  }
  // Steps until everything in the log is committed; false when that does not happen within `turns`.
  bool settle(int turns = 20'000) {
    for (int t = 0; t < turns; ++t) {
      if (settled()) return true;
      step_all(1);
    }
    return false;
  }

  void store_away() {
    for (auto& [slot, i] : workers) i.store->go_away();
  }
  void store_back() {
    for (auto& [slot, i] : workers) i.store->come_back();
  }

  void append(int records, uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < records; ++i) {
      const auto partition = static_cast<Partition>(random() % static_cast<uint32_t>(broker.partitions()));
      const bool bad = random() % 50 == 0;
      broker.append(partition, "k", bad ? "bad" : "word" + std::to_string(random() % 20), time_ms_ += 7);
      if (random() % 10 == 0) broker.append_gap(partition, 1);
    }
  }

  // What a single task that never crashed gives for the whole log of a partition.
  std::vector<OutRecord> oracle(Partition partition) {
    auto task = topology.make_task({"test", "counting", partition, 1});
    std::vector<Record> records;
    for (const auto& r : broker.log(partition))
      if (r.offset >= broker.bounds(partition).start) records.push_back({r.offset, r.timestamp_ms, r.key, r.value});
    Outbox out;
    task->process({partition, records, broker.bounds(partition).end}, out);
    return out.records;
  }

  // Empty when the committed output of every lane is the oracle's, byte for byte and in order; otherwise what differs first.
  std::string difference() {
    for (Partition p = 0; p < broker.partitions(); ++p) {
      const std::string lane = "counting/" + std::to_string(p);
      std::map<std::string, std::vector<OutRecord>> want;
      std::map<std::string, std::vector<OutRecord>> have;
      for (auto& r : oracle(p)) want[r.topic].push_back(r);
      for (const auto& r : broker.output())
        if (r.lane == lane) have[r.topic].push_back(r);
      for (auto& [topic, records] : want) {
        const auto& got = have[topic];
        for (size_t i = 0; i < std::max(records.size(), got.size()); ++i) {
          if (i >= records.size()) return lane + " " + topic + ": one too many: " + got[i].value;
          if (i >= got.size()) return lane + " " + topic + ": missing: " + records[i].value;
          if (got[i].sequence != records[i].sequence || got[i].value != records[i].value || got[i].input_offset != records[i].input_offset)
            return lane + " " + topic + ": " + got[i].value + " instead of " + records[i].value;
        }
      }
    }
    return {};
  }

  ModelBroker broker;
  ModelClock clock;
  FakeRedis redis;
  Topology topology;
  EngineConfig engine;
  struct Probe : WorkerProbe {
    void on_replay(uint64_t records, int64_t) override { replayed = records; }
    uint64_t replayed = 0;  // by the lane that went live last
  } probe;
  uint64_t function = 7;
  bool rebuild = false;
  std::map<std::string, Instance> workers;

 private:
  int runs_ = 0;
  int64_t time_ms_ = 1'700'000'000'000;
};

}  // namespace headroom::kit
