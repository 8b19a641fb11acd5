// predictive_scaling from memory, as the worker calls it: targets with one load sample and one of replicas a minute, spread over the
// minute, and a tick every 15 s. One core.
//
//   predictive_scaling_bench
//     minute/SIZE/training   CPU of a minute of all targets: decoding, steps, forecasts, decisions; `target_us` is that of one target.
//                            training:1 after 1,500 values, when targets of `headroom` train weights of their own
//     checkpoint/SIZE        bytes a target of what a minute changes, hot and cold

#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/task.h"
#include "headroom/lane_identity.h"
#include "topologies/predictive_scaling.h"

namespace headroom {
namespace {

constexpr int kTargets = 2'000;
constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kTickMs = 15'000;

std::string sample_json(int target, const char* metric, int64_t time_ms, double value) {
  return R"({"target":"prod/shop/Deployment/api-)" + std::to_string(target) + R"(","metric":")" + metric + R"(","time_ms":)" +
         std::to_string(time_ms) + R"(,"value":)" + std::to_string(value) + "}";
}

// A quarter of a minute: the samples of a quarter of the targets, then a tick.
struct Quarter {
  std::vector<std::string> values;
  explicit Quarter(int64_t number) {
    const int64_t time_ms = kStartMs + number * kTickMs;
    for (int target = static_cast<int>(number % 4); target < kTargets; target += 4) {
      const double turn = static_cast<double>(number + target) / 5'760 * 6.2831853;
      const double load = 1000 + 400 * std::sin(turn) + 30 * std::sin(static_cast<double>((number * 7919 + target * 104'729) % 1000));
      values.push_back(sample_json(target, "requests_per_second", time_ms, load));
      values.push_back(sample_json(target, "replicas", time_ms, 14));
    }
    values.push_back(R"({"tick_ms":)" + std::to_string(time_ms + 14'000) + R"(,"source":"bench","interval_ms":15000})");
  }
};

PredictiveScalingParams params_of(bool small) {
  PredictiveScalingParams params;
  PredictiveRule& rule = params.targets.emplace_back();
  rule.target = "**";
  rule.capacity = 100;
  rule.size = small ? ForecastSize::kSmall : ForecastSize::kHeadroom;
  return params;
}

class Lane {
 public:
  Lane(bool small, int64_t minutes)
      : topology_(predictive_scaling(params_of(small))), task_(topology_.make_task({"bench", "predictive_scaling", 0, 1})) {
    for (int64_t quarter = 0; quarter < 4 * minutes; ++quarter) feed(next());
  }
  Quarter next() { return Quarter(quarter_++); }
  void feed(const Quarter& quarter) {
    std::vector<Record> records;
    for (const std::string& value : quarter.values) records.push_back({offset_++, -1, {}, value});
    task_->process({0, records, offset_}, outbox_);
    outputs_ += outbox_.records.size();
    outbox_.clear();
  }
  // Of what changed since the last time: bytes by store.
  std::vector<std::pair<std::string, size_t>> checkpoint() {
    std::vector<std::pair<std::string, size_t>> out;
    for (StateStore* store : task_->stores()) {
      size_t bytes = 0;
      store->begin_snapshot(false);
      while (const auto page = store->next_page(SIZE_MAX)) bytes += page->bytes.size();
      store->end_snapshot(true);
      out.emplace_back(store->name(), bytes);
    }
    return out;
  }
  size_t outputs() const { return outputs_; }

 private:
  Topology topology_;
  std::unique_ptr<Task> task_;
  Outbox outbox_;
  Offset offset_ = 0;
  int64_t quarter_ = 0;
  size_t outputs_ = 0;
};

void minute(benchmark::State& state) {
  Lane lane(state.range(0) != 0, state.range(1) != 0 ? 1'600 : 200);
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Quarter> quarters = {lane.next(), lane.next(), lane.next(), lane.next()};
    state.ResumeTiming();
    for (const Quarter& quarter : quarters) lane.feed(quarter);
  }
  state.counters["target_us"] = benchmark::Counter(static_cast<double>(state.iterations()) * kTargets / 1e6,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["outputs"] = static_cast<double>(lane.outputs());
}
BENCHMARK(minute)->ArgNames({"small", "training"})->Args({0, 0})->Args({0, 1})->Args({1, 0})->Unit(benchmark::kMillisecond)->MinTime(3);

void checkpoint(benchmark::State& state) {
  Lane lane(state.range(0) != 0, 200);
  lane.checkpoint();
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 4; ++i) lane.feed(lane.next());
    state.ResumeTiming();
    for (const auto& [name, bytes] : lane.checkpoint())
      if (bytes > 0) state.counters[name] = static_cast<double>(bytes) / kTargets;
  }
}
BENCHMARK(checkpoint)->ArgName("small")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
