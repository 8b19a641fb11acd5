// decode + right_sizing from memory, all rules on: samples of 20,000 containers through a task, as the worker calls it. One core.
//
//   right_sizing_bench                  single: one 154-byte record a sample; array: records of 50 samples
//
// Each container tells its four metrics every 15 s, so a bucket of the default window (60 s) takes four samples of each, every fourth round
// evaluates every container, and a share of them lies enough for commands. The windows are full when time begins to count.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "engine/task.h"
#include "headroom/lane_identity.h"
#include "topologies/right_sizing.h"

namespace headroom {
namespace {

constexpr int kContainers = 20'000;
constexpr int kRounds = 8;  // in one stretch of the log
constexpr int64_t kStepMs = 15'000;
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr size_t kBatchRecords = 10'000;

std::string sample_json(int container, int metric, int64_t time_ms, double value) {
  static constexpr const char* kMetrics[] = {"cpu_used_cores", "memory_used_bytes", "cpu_reserved_cores", "memory_reserved_bytes"};
  char json[256];
  const int size = std::snprintf(json, sizeof json,
                                 R"({"target":"prod/web/Job/a-%05d","metric":"%s","time_ms":%lld,"value":%.*f,)"
                                 R"("labels":{"container":"app","instance":"a%05d-x2"}})",
                                 container, kMetrics[metric], static_cast<long long>(time_ms), metric % 2 == 0 ? 3 : 0, value, container);
  return {json, static_cast<size_t>(size)};
}

// A stretch of the fleet's log: `rounds` times every container's metrics. `per_record` samples to a record.
struct Log {
  std::string bytes;
  std::vector<std::pair<size_t, size_t>> values;  // place and size of each record
  uint64_t samples = 0;

  Log(int64_t start_ms, int rounds, int64_t step_ms, size_t per_record) {
    std::mt19937_64 random(7);
    std::string record;
    size_t held = 0;
    const auto flush = [&] {
      if (held == 0) return;
      if (per_record > 1) record += ']';
      values.emplace_back(bytes.size(), record.size());
      bytes += record;
      record.clear();
      held = 0;
    };
    for (int round = 0; round < rounds; ++round) {
      for (int container = 0; container < kContainers; ++container) {
        // A tenth of the fleet reserves far too much, a few too little.
        const double load = container % 10 == 0 ? 0.2 : container % 97 == 0 ? 1.2 : 0.75;
        const double noise = 0.9 + static_cast<double>(random() % 2000) / 10'000.0;
        const double used[] = {load * noise, 268'435'456.0 * load * noise, 1.0, 268'435'456.0};
        for (int metric = 0; metric < 4; ++metric) {
          if (per_record > 1) record += held == 0 ? '[' : ',';
          record += sample_json(container, metric, start_ms + round * step_ms + container % 1000, used[metric]);
          ++samples;
          if (++held == per_record) flush();
        }
      }
    }
    flush();
  }
};

class Feeder {
 public:
  explicit Feeder(Task& task) : task_(task) {}
  // Commands are counted and thrown away.
  void feed(const Log& log) {
    for (size_t at = 0; at < log.values.size(); at += kBatchRecords) {
      records_.clear();
      for (size_t i = at; i < std::min(at + kBatchRecords, log.values.size()); ++i) {
        const auto [place, size] = log.values[i];
        records_.push_back({.offset = offset_++, .timestamp_ms = -1, .key = {}, .value = {log.bytes.data() + place, size}});
      }
      task_.process({.partition = 0, .records = records_, .position = offset_}, outbox_);
      commands += outbox_.records.size();
      outbox_.clear();
    }
  }
  uint64_t commands = 0;

 private:
  Task& task_;
  std::vector<Record> records_;
  Outbox outbox_;
  Offset offset_ = 0;
};

void right_sizing_from_memory(benchmark::State& state, size_t per_record) {
  RightSizingParams params;
  const Topology topology = right_sizing(params);
  const std::unique_ptr<Task> task =
      topology.make_task({.installation = "bench", .topology = "right_sizing", .partition = 0, .incarnation = 1});
  Feeder feeder(*task);
  int64_t start_ms = kStartMs;
  for (; start_ms < kStartMs + 60 * kMinuteMs; start_ms += 10 * kMinuteMs) feeder.feed(Log(start_ms, 10, kMinuteMs, per_record));
  uint64_t samples = 0;
  uint64_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const Log log(start_ms, kRounds, kStepMs, per_record);
    start_ms += kRounds * kStepMs;
    state.ResumeTiming();
    feeder.feed(log);
    samples += log.samples;
    bytes += log.bytes.size();
  }
  state.counters["samples"] = benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  state.counters["record_bytes"] = static_cast<double>(bytes) / static_cast<double>(samples) * static_cast<double>(per_record);
  state.counters["commands"] = static_cast<double>(feeder.commands);
}

BENCHMARK_CAPTURE(right_sizing_from_memory, single, 1)->Unit(benchmark::kMillisecond)->Iterations(6);
BENCHMARK_CAPTURE(right_sizing_from_memory, array, 50)->Unit(benchmark::kMillisecond)->Iterations(6);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
