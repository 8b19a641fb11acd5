// lag_watch from memory, as the worker calls it: 100,000 group-partitions (200 groups of 500), one cycle of samples and a tick each. One
// core.
//
//   lag_watch_bench
//     lag_decode       samples decoded a second
//     lag_cycle        partition states judged a minute, with their samples decoded
//     lag_tick         the same without samples: judging alone
//     lag_checkpoint   bytes of a whole checkpoint a group-partition, and those beyond its names
//
// A tenth of the groups is behind; commits come every cycle. Ten minutes have passed when time begins to count, so that all windows are
// full.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/task.h"
#include "headroom/lag_codec.h"
#include "headroom/lane_identity.h"
#include "topologies/lag_watch.h"

namespace headroom {
namespace {

constexpr int kGroups = 200;
constexpr int kPartitions = 500;
constexpr int kStates = kGroups * kPartitions;
constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kIntervalMs = 5'000;
constexpr size_t kBatchRecords = 10'000;

std::string sample_json(int group, int partition, int64_t now_ms) {
  const int64_t cycles = (now_ms - kStartMs) / kIntervalMs;
  const int64_t end = 1'000'000'000 + cycles * (1'000 + partition);
  const int64_t behind = group % 10 == 0 ? 360'000 : 250;
  char json[900];
  const int size = std::snprintf(
      json, sizeof json,
      R"({"cluster":"prod-eu1","group":"payments-%03d","topic":"orders.%03d","partition":%d,"source":"lag-source-0","seq":%lld,)"
      R"("observed_ms":%lld,"committed_offset":%lld,"log_start_offset":100000000,"end_offset":%lld,"last_stable_offset":%lld,)"
      R"("consumed_time_ms":%lld,"end_time_ms":%lld,"unread_time_ms":%lld,"consumed_time_error_ms":0,"end_time_error_ms":0,)"
      R"("quality":"exact","topic_id":null,"group_state":"Stable","members":12,"assigned":true,"retention_ms":604800000,)"
      R"("labels":{"env":"production","view":"site_impact"}})",
      group, group, partition, static_cast<long long>(cycles), static_cast<long long>(now_ms - 2'000 + partition),
      static_cast<long long>(end - behind), static_cast<long long>(end), static_cast<long long>(end),
      static_cast<long long>(now_ms - 3'000 - behind * 10), static_cast<long long>(now_ms - 3'000),
      static_cast<long long>(now_ms - 2'990 - behind * 10));
  return {json, static_cast<size_t>(size)};
}

// One cycle of the source: every sample, then a tick.
struct Cycle {
  std::string bytes;
  std::vector<std::pair<size_t, size_t>> values;  // place and size of each record

  Cycle(int64_t now_ms, bool samples) {
    const auto add = [this](const std::string& json) {
      values.emplace_back(bytes.size(), json.size());
      bytes += json;
    };
    for (int group = 0; samples && group < kGroups; ++group)
      for (int partition = 0; partition < kPartitions; ++partition) add(sample_json(group, partition, now_ms));
    add(R"({"tick_ms":)" + std::to_string(now_ms) + R"(,"source":"lag-source-0","interval_ms":5000})");
  }
  std::vector<Record> records(Offset& offset) const {
    std::vector<Record> records;
    for (const auto& [place, size] : values) records.push_back({offset++, -1, {}, {bytes.data() + place, size}});
    return records;
  }
};

// A lane that has seen ten minutes of the fleet.
class Lane {
 public:
  Lane() : topology_(lag_watch({}, {}, observers())), task_(topology_.make_task({"bench", "lag_watch", 0, 1})) {
    for (int i = 0; i < 120; ++i) feed(next(true));
  }
  Cycle next(bool samples) { return {now_ms_ += kIntervalMs, samples}; }
  void feed(const Cycle& cycle) {
    const std::vector<Record> records = cycle.records(offset_);
    for (size_t at = 0; at < records.size(); at += kBatchRecords) {
      const size_t size = std::min(kBatchRecords, records.size() - at);
      task_->process({0, {records.data() + at, size}, records[at + size - 1].offset + 1}, outbox_);
      outbox_.clear();
    }
  }
  Task& task() { return *task_; }
  uint64_t judged = 0;
  uint64_t behind = 0;

 private:
  LagObservers observers() {
    LagObservers observe;
    observe.partition = [this](const LaneIdentity&, const LagStanding& in) {
      judged += in.kind == StandingKind::kPartition;
      behind += in.lag_records.value_or(0) > 1'000;
    };
    return observe;
  }
  Topology topology_;
  std::unique_ptr<Task> task_;
  Outbox outbox_;
  Offset offset_ = 0;
  int64_t now_ms_ = kStartMs;
};

Lane& lane() {
  static Lane lane;
  return lane;
}

void lag_decode(benchmark::State& state) {
  const Cycle cycle(kStartMs + kIntervalMs, true);
  Offset offset = 0;
  const std::vector<Record> records = cycle.records(offset);
  const auto decoder = make_lag_decoder();
  Decoded<LagEvent> out;
  uint64_t samples = 0;
  for (auto _ : state) {
    for (size_t at = 0; at < records.size(); at += 512) {
      out.clear();
      decoder->begin_batch();
      for (size_t i = at; i < std::min(at + 512, records.size()); ++i) decoder->decode(records[i], static_cast<uint32_t>(i), out);
      samples += out.values.size();
    }
  }
  state.counters["samples"] = benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  state.counters["record_bytes"] = static_cast<double>(cycle.bytes.size()) / static_cast<double>(records.size());
}

void lag_rounds(benchmark::State& state, bool samples) {
  Lane& fleet = lane();
  const uint64_t before = fleet.judged;
  for (auto _ : state) {
    state.PauseTiming();
    const Cycle cycle = fleet.next(samples);
    state.ResumeTiming();
    fleet.feed(cycle);
  }
  const auto judged = static_cast<double>(fleet.judged - before);
  state.counters["states_a_minute"] = benchmark::Counter(judged * 60, benchmark::Counter::kIsRate);
}

void lag_checkpoint(benchmark::State& state) {
  Lane& fleet = lane();
  Checkpoint checkpoint;
  for (auto _ : state) take_checkpoint(fleet.task(), true, checkpoint);
  const double bytes = static_cast<double>(checkpoint.bytes()) / kStates;
  const double names =
      static_cast<double>(std::string("prod-eu1payments-000orders.000").size() + 3 + std::string("env=production,view=site_impact").size());
  state.counters["bytes_a_state"] = bytes;
  state.counters["beyond_names"] = bytes - names;
}

BENCHMARK(lag_decode)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lag_rounds, lag_cycle, true)->Unit(benchmark::kMillisecond)->Iterations(10);
BENCHMARK(lag_checkpoint)->Unit(benchmark::kMillisecond)->Iterations(2);
BENCHMARK_CAPTURE(lag_rounds, lag_tick, false)->Unit(benchmark::kMillisecond)->Iterations(2);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
