// What keyed state and its checkpoints cost: a touch, a snapshot, a restore, and the longest stall while a million states all change under
// a snapshot. States are like right_sizing's: two rings of 60 buckets in memory of their own, about 1.3 KB when written.
//
//   checkpoint_bench --benchmark_filter=...

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "headroom/keyed_store.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/topology.h"

namespace headroom {
namespace {

struct Ring {
  std::vector<double> sums = std::vector<double>(60);
  std::vector<uint16_t> counts = std::vector<uint16_t>(60);
  void save(ByteWriter& writer) const {
    writer.raw(sums.data(), sums.size() * sizeof(double));
    writer.raw(counts.data(), counts.size() * sizeof(uint16_t));
  }
  bool load(ByteReader& reader) {
    const auto first = reader.raw(sums.size() * sizeof(double));
    const auto second = reader.raw(counts.size() * sizeof(uint16_t));
    if (!reader.ok()) return false;
    std::memcpy(sums.data(), first.data(), first.size());
    std::memcpy(counts.data(), second.data(), second.size());
    return true;
  }
};

struct Fleet {
  int64_t time_ms = -1;
  int64_t reserved = 0;
  int64_t streak = 0;
  std::string instance = "api-7c9f-x2x";
  Ring cpu;
  Ring memory;
  auto fields() { return std::tie(time_ms, reserved, streak, instance, cpu, memory); }
};

std::vector<std::string> make_keys(size_t count) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back("prod-eu1/checkout/Deployment/api-" + std::to_string(i));
  return keys;
}

// Far from each other in memory, and every key once: i * odd prime modulo count.
size_t spread(size_t i, size_t count) {
  return i * 7'919'999 % count;
}

void touch(KeyedStore& store, const std::string& key, int64_t now) {
  const StateKey state_key{key, "app"};
  const uint64_t hash = KeyedStore::hash(state_key);
  auto* state = static_cast<Fleet*>(store.touch(state_key, hash, store.candidate(hash), now));
  const auto bucket = static_cast<size_t>(now % 60);
  state->cpu.sums[bucket] += 0.25;
  ++state->cpu.counts[bucket];
}

std::unique_ptr<KeyedStore> fill(const std::vector<std::string>& keys) {
  auto store = std::make_unique<KeyedStore>("fleet", state_type<Fleet>(1), 1'000'000'000, 2'000'000);
  for (const auto& key : keys) touch(*store, key, 1);
  return store;
}

size_t whole_snapshot(KeyedStore& store, std::vector<PageImage>* pages) {
  size_t bytes = 0;
  store.begin_snapshot(true);
  while (auto image = store.next_page(64 << 10)) {
    bytes += image->bytes.size();
    if (pages != nullptr) pages->push_back(std::move(*image));
  }
  store.end_snapshot(false);
  return bytes;
}

void snapshot(benchmark::State& bench) {
  const auto keys = make_keys(static_cast<size_t>(bench.range(0)));
  const auto store = fill(keys);
  size_t bytes = 0;
  for (auto _ : bench) bytes += whole_snapshot(*store, nullptr);
  bench.SetBytesProcessed(static_cast<int64_t>(bytes));
  bench.counters["bytes_a_key"] = static_cast<double>(bytes) / static_cast<double>(bench.iterations()) / static_cast<double>(keys.size());
}
BENCHMARK(snapshot)->Arg(20'000)->Arg(200'000)->Unit(benchmark::kMillisecond);

void restore(benchmark::State& bench) {
  std::vector<PageImage> pages;
  size_t bytes = 0;
  {
    const auto keys = make_keys(static_cast<size_t>(bench.range(0)));
    bytes = whole_snapshot(*fill(keys), &pages);
  }
  for (auto _ : bench) {
    auto store = std::make_unique<KeyedStore>("fleet", state_type<Fleet>(1), 1'000'000'000, 2'000'000);
    bool good = true;
    for (const auto& page : pages) good = good && store->load_page(page.page, page.bytes).is_ok();
    if (!good || !store->finish_load().is_ok()) bench.SkipWithError("the pages do not load");
    bench.PauseTiming();
    store.reset();
    bench.ResumeTiming();
  }
  bench.SetBytesProcessed(static_cast<int64_t>(bytes) * bench.iterations());
}
BENCHMARK(restore)->Arg(20'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// All keys change while a snapshot of all of them runs: between batches of 64 touches it gets 64 KiB of work.
void stall(benchmark::State& bench) {
  const auto keys = make_keys(static_cast<size_t>(bench.range(0)));
  const auto store = fill(keys);
  double longest_touch = 0;
  double longest_page = 0;
  double begin = 0;
  size_t most_copied = 0;
  int64_t now = 2;
  // CPU time of this thread: on a busy machine the clock on the wall shows other people's stalls.
  const auto cpu_ms = [] {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e3 + static_cast<double>(at.tv_nsec) / 1e6;
  };
  const auto timed = [&](double& longest, auto&& work) {
    const double start = cpu_ms();
    work();
    longest = std::max(longest, cpu_ms() - start);
  };
  for (auto _ : bench) {
    timed(begin, [&] { store->begin_snapshot(true); });
    size_t touched = 0;
    while (!store->snapshot_finished() || touched < keys.size()) {
      for (int i = 0; i < 64; ++i, ++touched) timed(longest_touch, [&] { touch(*store, keys[spread(touched, keys.size())], now); });
      timed(longest_page, [&] { benchmark::DoNotOptimize(store->next_page(64 << 10)); });
      most_copied = std::max(most_copied, store->copied_bytes());
    }
    store->end_snapshot(true);
    ++now;
  }
  bench.counters["longest_touch_ms"] = longest_touch;
  bench.counters["longest_page_ms"] = longest_page;
  bench.counters["begin_ms"] = begin;
  bench.counters["most_copied_MB"] = static_cast<double>(most_copied) / 1e6;
}
BENCHMARK(stall)->Arg(1'000'000)->Iterations(2)->Unit(benchmark::kMillisecond);

// ---- the engine's own share of a value: chunking, times, hashing, lookup, sweep

struct Point {
  std::string_view name;
  int64_t time_ms = 0;
};
struct Tally {
  using In = Point;
  using Out = int64_t;
  struct State {
    int64_t seen = 0;
    auto fields() { return std::tie(seen); }
  };
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const Point& in) { return {in.name, "app"}; }
  int64_t idle_ms() const { return 1'000'000'000; }
  std::optional<int64_t> step(State& state, const Point&) const {
    ++state.seen;
    return std::nullopt;
  }
};

void engine_overhead(benchmark::State& bench) {
  const auto keys = make_keys(static_cast<size_t>(bench.range(0)));
  Topology topology("points");
  from<Point>(topology, "points", testing::decode_with<Point>([](const Record& record, uint32_t index, Decoded<Point>& out) {
                out.values.push_back({index, {record.key, record.timestamp_ms}});
              }))
      .then("tally", Tally{});
  const auto task = topology.make_task({"bench", "points", 0, 1});
  // Batches as a fetch leaves them: the keys one behind the other in the order of the log.
  constexpr size_t kBatch = 10'000;
  std::vector<std::string> logs(std::max<size_t>(1, keys.size() / kBatch));
  std::vector<std::vector<Record>> batches(logs.size());
  for (size_t i = 0; i < logs.size() * kBatch; ++i) logs[i / kBatch] += keys[spread(i, keys.size())];
  for (size_t i = 0, at = 0; i < logs.size() * kBatch; ++i) {
    const size_t size = keys[spread(i, keys.size())].size();
    at = i % kBatch == 0 ? 0 : at;
    batches[i / kBatch].push_back({0, 0, std::string_view(logs[i / kBatch]).substr(at, size), {}});
    at += size;
  }
  Outbox out;
  Offset offset = 0;
  size_t turn = 0;
  for (auto _ : bench) {
    auto& records = batches[turn++ % batches.size()];
    for (auto& record : records) {
      record.offset = offset;
      record.timestamp_ms = offset++;
    }
    task->process({0, records, offset}, out);
  }
  bench.SetItemsProcessed(static_cast<int64_t>(kBatch) * bench.iterations());
  bench.counters["ns_a_value"] = benchmark::Counter(static_cast<double>(kBatch) * static_cast<double>(bench.iterations()) / 1e9,
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(engine_overhead)->Arg(1'000)->Arg(20'000)->Arg(1'000'000);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
