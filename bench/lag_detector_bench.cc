// Detectors from memory: every tick judges 100,000 label sets, as the worker calls it. One core.
//
//   lag_detector_bench          standings judged a second by one detector, and the bytes of a checkpoint a label set
//
// latest: each tick's maximum, by partition. window: the maximum over five minutes, full when time begins to count. verdict: a detector of
// verdicts by group, fifty partitions each. A tenth of the label sets lag enough for an incident.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/task.h"
#include "headroom/lane_identity.h"
#include "headroom/testing/function_decoder.h"
#include "topologies/lag_detectors.h"

namespace headroom {
namespace {

constexpr int kPartitions = 100'000;
constexpr int kPartitionsAGroup = 50;
constexpr int64_t kTickMs = 5000;
constexpr int64_t kStartMs = 1'795'342'500'000;

// The partitions of 2,000 groups, made once: a tick only moves their numbers.
struct Fleet {
  std::vector<std::string> groups;
  std::vector<LagStanding> standings;

  Fleet() {
    for (int g = 0; g < kPartitions / kPartitionsAGroup; ++g) groups.push_back("payments-settlement-" + std::to_string(g));
    for (int p = 0; p < kPartitions; ++p) {
      LagStanding standing;
      standing.cluster = "prod-eu1";
      standing.group = groups[static_cast<size_t>(p / kPartitionsAGroup)];
      standing.topic = "payments.settlement.v2";
      standing.partition = p % kPartitionsAGroup;
      standing.labels = "env=production\x1fview=site_impact";
      standing.verdict = p % 10 == 0 ? LagVerdict::kStalled : LagVerdict::kOk;
      standing.produced_milli = 120'000;
      standing.consumed_milli = 119'000;
      standings.push_back(standing);
    }
  }
  // A lag that wanders by some seconds, falling more than it rises, so that windows have much to keep.
  void move_to(int64_t time_ms) {
    uint64_t noise = static_cast<uint64_t>(time_ms) * 2654435761u;
    for (auto& standing : standings) {
      noise = noise * 6364136223846793005u + 1442695040888963407u;
      const int64_t base = &standing - standings.data() < kPartitions / 10 ? 2'000'000 : 400'000;
      const int64_t fallen = (time_ms - kStartMs) % 600'000 / 3;
      standing.time_ms = time_ms;
      standing.lag_ms = base - fallen + static_cast<int64_t>(noise >> 52);
      standing.lag_records = *standing.lag_ms / 10;
    }
  }
};

Fleet& fleet() {
  static Fleet one;
  return one;
}

// A record is a tick; its value is not read.
void decode_tick(const Record& record, uint32_t index, Decoded<LagStanding>& out) {
  for (const auto& standing : fleet().standings) out.values.push_back({index, standing});
  LagStanding end;
  end.kind = StandingKind::kEndOfTick;
  end.time_ms = record.timestamp_ms;
  out.values.push_back({index, end});
}

Topology topology_of(const std::vector<LagDetectorParams>& detectors) {
  Topology topology("lag_watch");
  add_lag_detectors(from<LagStanding>(topology, "standings", testing::decode_with<LagStanding>(decode_tick)), detectors, "alerts");
  return topology;
}

double bytes_a_label_set(Task& task) {
  Checkpoint checkpoint;
  take_checkpoint(task, true, checkpoint);
  uint64_t bytes = 0;
  uint64_t keys = 0;
  for (const auto& [id, page] : checkpoint.pages) bytes += page.size();
  for (const StateStore* store : task.stores())
    if (store->name().starts_with("detector.")) keys += store->key_count();
  return keys == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(keys);
}

void judge_ticks(benchmark::State& state, const std::vector<LagDetectorParams>& detectors) {
  const Topology topology = topology_of(detectors);
  const auto task = topology.make_task({.installation = "bench", .topology = "lag_watch", .partition = 0, .incarnation = 1});
  Outbox outbox;
  Offset offset = 0;
  int64_t now_ms = kStartMs;
  uint64_t alerts = 0;
  const auto tick = [&] {
    const Record record{.offset = offset++, .timestamp_ms = now_ms, .key = {}, .value = "tick"};
    task->process({.partition = 0, .records = {&record, 1}, .position = offset}, outbox);
    alerts += outbox.records.size();
    outbox.clear();
  };
  const auto move = [&] { fleet().move_to(now_ms += kTickMs); };
  for (int i = 0; i < 65; ++i) move(), tick();
  for (auto _ : state) {
    state.PauseTiming();
    move();
    state.ResumeTiming();
    tick();
  }
  state.counters["standings"] = benchmark::Counter(static_cast<double>(state.iterations()) * kPartitions, benchmark::Counter::kIsRate);
  state.counters["label_set_bytes"] = bytes_a_label_set(*task);
  state.counters["alerts"] = static_cast<double>(alerts);
}

LagDetectorParams by_partition() {
  LagDetectorParams params;
  params.name = "lag";
  params.by = {"env", "view", "cluster", "group", "partition"};
  params.threshold_micro = 1'200'000'000;
  return params;
}

// What a tick costs that no detector looks at: the decoder's copies.
void none(benchmark::State& state) {
  judge_ticks(state, {});
}
void latest(benchmark::State& state) {
  judge_ticks(state, {by_partition()});
}
void window(benchmark::State& state) {
  LagDetectorParams params = by_partition();
  params.over = LagOver::kMax;
  judge_ticks(state, {params});
}
void window_mean(benchmark::State& state) {
  LagDetectorParams params = by_partition();
  params.over = LagOver::kMean;
  judge_ticks(state, {params});
}
void verdict(benchmark::State& state) {
  LagDetectorParams params = by_partition();
  params.by = {"env", "view", "cluster", "group"};
  params.metric = LagMetric::kVerdict;
  params.verdicts = {"stalled"};
  params.threshold_micro = 0;
  judge_ticks(state, {params});
}
void shipped(benchmark::State& state) {
  judge_ticks(state, default_lag_detectors());
}

BENCHMARK(none)->Unit(benchmark::kMillisecond);
BENCHMARK(latest)->Unit(benchmark::kMillisecond);
BENCHMARK(window)->Unit(benchmark::kMillisecond);
BENCHMARK(window_mean)->Unit(benchmark::kMillisecond);
BENCHMARK(verdict)->Unit(benchmark::kMillisecond);
BENCHMARK(shipped)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
