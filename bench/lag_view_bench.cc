// What it costs to show what lag_watch judges: a group-partition told to the metrics and to the board of `headroom lag`, and a scrape.
//
//   lag_view_bench --benchmark_filter=...

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "cli/lag_board.h"
#include "cli/lag_metrics.h"

namespace headroom {
namespace {

constexpr int64_t kTick = 1'732'262'400'000;

// 100 groups of 500 partitions, of 10 topics each, a tenth of them behind.
struct Tick {
  Tick() {
    for (int group = 0; group < 100; ++group) groups.push_back("consumers-of-something-" + std::to_string(group));
    for (int topic = 0; topic < 10; ++topic) topics.push_back("prod.topic.of.something." + std::to_string(topic));
    for (int32_t partition = 0; partition < 500; ++partition)
      for (size_t group = 0; group < groups.size(); ++group) add(group, partition);
    end.kind = StandingKind::kEndOfTick;
    end.time_ms = kTick;
    end.interval_ms = 5000;
  }
  Tick(const Tick&) = delete;
  Tick& operator=(const Tick&) = delete;

  void add(size_t group, int32_t partition) {
    LagStanding s;
    s.time_ms = kTick;
    s.interval_ms = 5000;
    s.cluster = "prod";
    s.group = groups[group];
    s.topic = topics[static_cast<size_t>(partition) % topics.size()];
    s.partition = partition / 10;
    s.labels = "env=production\x1fview=site_impact";
    s.sample_ms = kTick - 1000;
    s.fresh = true;
    s.quality = LagQuality::kExact;
    s.committed_offset = 1'000'000;
    s.log_start_offset = 0;
    const int64_t lag = group % 10 == 0 ? 3'600'000 + (partition * 7919) % 1000 : (partition * 31) % 5000;
    s.end_offset = 1'000'000 + lag;
    s.lag_records = lag;
    s.lag_ms = lag;
    s.produced_milli = s.consumed_milli = 1'000'000;
    standings.push_back(s);
  }

  std::vector<std::string> groups;
  std::vector<std::string> topics;
  std::vector<LagStanding> standings;
  LagStanding end;
  LaneIdentity lane{"bench", "lag_watch", 0, 1};
};

void tell(const Tick& tick, const LagObservers& observers) {
  for (const auto& standing : tick.standings) observers.partition(tick.lane, standing);
  observers.partition(tick.lane, tick.end);
  if (!observers.group) return;
  for (const auto& name : tick.groups) {
    LagGroupStanding group;
    group.time_ms = kTick;
    group.cluster = "prod";
    group.group = name;
    group.labels = "env=production\x1fview=site_impact";
    group.lag_records = group.max_lag_ms = 1;
    observers.group(tick.lane, group);
  }
}

void metrics_of_a_tick(benchmark::State& state) {
  const Tick tick;
  LagFamilies families(LagSeriesLimits{}, [] { return kTick; });
  const LagObservers observers = lag_metrics_observers(families, {});
  for (auto _ : state) tell(tick, observers);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(tick.standings.size()));
}
BENCHMARK(metrics_of_a_tick)->Unit(benchmark::kMillisecond);

void scrape(benchmark::State& state) {
  const Tick tick;
  LagFamilies families(LagSeriesLimits{}, [] { return kTick; });
  tell(tick, lag_metrics_observers(families, {}));
  for (auto _ : state) benchmark::DoNotOptimize(families.Collect());
}
BENCHMARK(scrape)->Unit(benchmark::kMillisecond);

void board_of_a_tick(benchmark::State& state) {
  const Tick tick;
  LagBoard board;
  const LagObservers observers = board.observers();
  for (auto _ : state) tell(tick, observers);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(tick.standings.size()));
}
BENCHMARK(board_of_a_tick)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
