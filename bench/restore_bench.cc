// The state of right_sizing for a million containers (cpu and memory, one sample in each of the 60 buckets of the default window), written
// as pages through the store into a private Redis, flipped, and loaded back into states: MB/s of each, and the longest that one poll() of
// the store held its caller.
//
//   restore_bench [CONTAINERS]

#include <malloc.h>

#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/concat.h"
#include "engine/task.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/topology.h"
#include "operators/right_sizing.h"
#include "redis/redis_store.h"
#include "tests/kit/redis_process.h"

namespace headroom {
namespace {

using std::chrono::steady_clock;

constexpr size_t kUnderWay = 4 << 20;
constexpr size_t kPageBytes = 64 << 10;
constexpr size_t kReadsUnderWay = 128;
constexpr const char* kLane = "bench.right_sizing/0";
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kStartMs = 29'459'520 * kMinuteMs;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

void fail(const std::string& why) {
  std::fprintf(stderr, "restore_bench: %s\n", why.c_str());
  std::exit(1);
}

// What a record's value holds here, as bytes.
struct Measure {
  Metric metric;
  int64_t time_ms;
  double value;
};

Topology sizes() {
  Topology topology("right_sizing", {.max_keys = 100'000'000});
  from<Sample>(topology, "samples", testing::decode_with<Sample>([](const Record& record, uint32_t index, Decoded<Sample>& out) {
                 Measure measure;
                 std::memcpy(&measure, record.value.data(), sizeof measure);
                 Sample sample;
                 sample.target = record.key;
                 sample.container = "app";
                 sample.instance = record.key.substr(record.key.rfind('/') + 1);
                 sample.metric = measure.metric;
                 sample.time_ms = measure.time_ms;
                 sample.value = measure.value;
                 out.values.push_back({index, sample});
               }))
      .then("right_sizing", RightSizing(RightSizingParams{}));
  return topology;
}

std::vector<std::string> make_names(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i)
    names.push_back(concat("prod-eu1/shop-", std::to_string(i % 97), "/Pod/checkout-6f7d9c5b", std::to_string(10'000'000 + i)));
  return names;
}

void fill(Task& task, const std::vector<std::string>& names) {
  Outbox outbox;
  Offset offset = 0;
  const auto round = [&](Metric metric, int64_t minute) {
    Measure measure{metric, kStartMs + minute * kMinuteMs,
                    metric == Metric::kMemoryReservedBytes || metric == Metric::kMemoryUsedBytes ? 3e9 : 1.5};
    const std::string_view value(reinterpret_cast<const char*>(&measure), sizeof measure);
    std::vector<Record> records;
    for (const auto& name : names) {
      records.push_back({.offset = offset++, .timestamp_ms = -1, .key = name, .value = value});
      if (records.size() < 10'000 && &name != &names.back()) continue;
      task.process({0, records, offset}, outbox);
      outbox.clear();
      records.clear();
    }
  };
  round(Metric::kCpuReservedCores, 0);
  round(Metric::kMemoryReservedBytes, 0);
  for (int minute = 0; minute < 60; ++minute) {
    round(Metric::kCpuUsedCores, minute);
    round(Metric::kMemoryUsedBytes, minute);
  }
}

class Bench {
 public:
  Bench(CheckpointStore& store, Task& task) : store_(store), task_(task) {}

  void poll_until(const std::function<bool()>& done) {
    while (!done()) {
      const auto start = steady_clock::now();
      store_.poll();
      longest_poll_ = std::max(longest_poll_, seconds_since(start));
      if (!done()) store_.wait(10);
    }
  }

  void write_all() {
    const auto start = steady_clock::now();
    size_t answered = 0;
    size_t keys = 0;
    core_ = task_.save_core();
    for (uint32_t number = 0; number < task_.stores().size(); ++number) {
      StateStore& states = *task_.stores()[number];
      keys += states.key_count();
      states.begin_snapshot(true);
      while (auto image = states.next_page(kPageBytes)) {
        bytes_ += image->bytes.size();
        pages_.push_back({number, image->page});
        store_.write_page(kLane, name_of(pages_.size() - 1), std::move(image->bytes), [&](Status status) { answered += status.is_ok(); });
        if (store_.pending_bytes() > kUnderWay) poll_until([&] { return store_.pending_bytes() <= kUnderWay / 2; });
      }
      states.end_snapshot(true);
    }
    poll_until([&] { return store_.pending_bytes() == 0; });
    if (answered != pages_.size()) fail("pages were not written");
    std::printf("%zu keys, %zu pages, %zu bytes a key\n", keys, pages_.size(), bytes_ / keys);
    report("snapshot and write", start);
  }

  void flip() {
    Flip flip;
    flip.owner = "a";
    flip.epoch = 1;
    flip.core = core_;
    for (size_t i = 0; i < pages_.size(); ++i) flip.changed.push_back({pages_[i], name_of(i)});
    bool done = false;
    const auto start = steady_clock::now();
    store_.flip(kLane, std::move(flip), [&](Result<FlipOutcome> outcome) { done = outcome && *outcome == FlipOutcome::kDone; });
    poll_until([&] { return done || store_.pending_bytes() == 0; });
    if (!done) fail("the manifest was not flipped");
    std::printf("flip: %.1f ms\n", seconds_since(start) * 1e3);
  }

  // As a worker does: core first, then pages, with many reads under way.
  void load_all(Task& into, const char* what) {
    const auto start = steady_clock::now();
    if (const Status status = into.load_core(core_); !status) fail(status.to_string());
    size_t answered = 0;
    size_t asked = 0;
    double loading = 0;
    while (answered < pages_.size()) {
      while (asked < pages_.size() && asked - answered < kReadsUnderWay) {
        const PageId id = pages_[asked];
        store_.read_page(kLane, name_of(asked++), [&, id](Result<std::string> page) {
          const auto began = steady_clock::now();
          if (!page) fail(page.status().to_string());
          if (const Status status = into.stores()[id.store]->load_page(id.page, *page); !status) fail(status.to_string());
          ++answered;
          loading += seconds_since(began);
        });
      }
      const size_t before = answered;
      poll_until([&] { return answered > before; });
    }
    for (StateStore* states : into.stores())
      if (const Status status = states->finish_load(); !status) fail(status.to_string());
    report(what, start);
    std::printf("  of it making states %.2f s\n", loading);
  }
  double longest_poll_ms() const { return longest_poll_ * 1e3; }

 private:
  static std::string name_of(size_t page) { return concat("a.", std::to_string(page)); }
  void report(const char* what, steady_clock::time_point start) const {
    const double seconds = seconds_since(start);
    std::printf("%s: %.0f MB in %.2f s, %.0f MB/s\n", what, static_cast<double>(bytes_) / 1e6, seconds,
                static_cast<double>(bytes_) / 1e6 / seconds);
  }

  CheckpointStore& store_;
  Task& task_;
  std::string core_;
  std::vector<PageId> pages_;
  size_t bytes_ = 0;
  double longest_poll_ = 0;
};

int run(size_t containers) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto server = kit::RedisProcess::start();
  if (!server) fail("redis-server does not start");
  RedisConfig config;
  config.url = server->unix_url();
  auto store = RedisStore::make(config, "bench");
  if (!store) fail(store.status().to_string());
  const Topology topology = sizes();
  const LaneIdentity identity{"bench", "right_sizing", 0, 1};
  auto task = topology.make_task(identity);
  fill(*task, make_names(containers));
  Bench bench(**store, *task);
  bench.write_all();
  bench.flip();
  task.reset();
  const auto restored = topology.make_task(identity);
  // Twice: the second time into memory that the process had before. On a virtual machine the first touch of a page may cost the host more
  // than everything that is measured here.
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  bench.load_all(*restored, "load into states, new memory");
  restored->reset();
  bench.load_all(*restored, "load into states, memory touched before");
  std::printf("longest poll: %.2f ms\n", bench.longest_poll_ms());
  return 0;
}

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  return headroom::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000);
}
