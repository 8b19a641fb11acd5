#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/hash.h"
#include "redis/redis_store.h"
#include "tests/kit/redis_process.h"

// Writes a state as 64 KiB pages through the store into a private Redis, flips it, changes all of it, and loads it back with many reads
// under way: MB/s of each, and the longest that one poll() held its caller. Argument: megabytes (1300).
namespace headroom {
namespace {

using std::chrono::steady_clock;

constexpr size_t kPageBytes = 64 << 10;
constexpr size_t kUnderWay = 64 * kPageBytes;
constexpr const char* kLane = "bench.right_sizing/0";

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

std::string page_bytes(size_t page) {
  std::string out(kPageBytes, '\0');
  for (size_t i = 0; i + 8 <= out.size(); i += 8) {
    const uint64_t word = hash_mix(page, i);
    out.replace(i, 8, reinterpret_cast<const char*>(&word), 8);
  }
  return out;
}

class Bench {
 public:
  Bench(CheckpointStore& store, size_t pages) : store_(store), pages_(pages) {}

  void poll_until(const std::function<bool()>& done) {
    while (!done()) {
      const auto start = steady_clock::now();
      store_.poll();
      longest_poll_ = std::max(longest_poll_, seconds_since(start));
      if (!done()) store_.wait(10);
    }
  }

  void write_all(const std::string& run) {
    const std::string bytes = page_bytes(1);
    size_t answered = 0;
    const auto start = steady_clock::now();
    for (size_t i = 0; i < pages_; ++i) {
      store_.write_page(kLane, run + "." + std::to_string(i), bytes, [&](Status status) { answered += status.is_ok(); });
      if (store_.pending_bytes() > kUnderWay) poll_until([&] { return store_.pending_bytes() <= kUnderWay / 2; });
    }
    poll_until([&] { return store_.pending_bytes() == 0; });
    report("write", start, answered);
  }

  void flip(const std::string& run, std::optional<std::string> expected) {
    Flip flip;
    flip.owner = run;
    flip.expected_owner = std::move(expected);
    flip.epoch = 1;
    for (size_t i = 0; i < pages_; ++i) flip.changed.push_back({{0, static_cast<uint32_t>(i)}, run + "." + std::to_string(i)});
    bool done = false;
    const auto start = steady_clock::now();
    store_.flip(kLane, std::move(flip), [&](Result<FlipOutcome> outcome) { done = outcome && *outcome == FlipOutcome::kDone; });
    poll_until([&] { return done || store_.pending_bytes() == 0; });
    std::printf("flip of %zu pages: %s, %.1f ms\n", pages_, done ? "done" : "FAILED", seconds_since(start) * 1e3);
    poll_until([&] { return store_.pending_bytes() == 0; });
    std::printf("  with the sweep of what it superseded: %.1f ms\n", seconds_since(start) * 1e3);
  }

  void read_all(const std::string& run) {
    size_t answered = 0;
    size_t asked = 0;
    const auto start = steady_clock::now();
    while (answered < pages_) {
      while (asked < pages_ && asked - answered < 64) {
        store_.read_page(kLane, run + "." + std::to_string(asked++), [&](Result<std::string> page) {
          if (!page || page->size() != kPageBytes) std::abort();
          ++answered;
        });
      }
      const size_t goal = asked == pages_ ? pages_ : asked - 47;
      poll_until([&] { return answered >= goal; });
    }
    report("load", start, answered);
  }

  void report(const char* what, steady_clock::time_point start, size_t pages) const {
    const double seconds = seconds_since(start);
    std::printf("%s: %zu pages, %.2f s, %.0f MB/s\n", what, pages, seconds, static_cast<double>(pages * kPageBytes) / 1e6 / seconds);
  }

  double longest_poll_ms() const { return longest_poll_ * 1e3; }

 private:
  CheckpointStore& store_;
  const size_t pages_;
  double longest_poll_ = 0;
};

int run(size_t megabytes) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto server = kit::RedisProcess::start();
  if (!server) return std::puts("redis-server does not start"), 1;
  RedisConfig config;
  config.url = server->unix_url();
  auto store = RedisStore::make(config, "bench");
  if (!store) return std::puts(store.status().to_string().c_str()), 1;
  Bench bench(**store, megabytes * 1'000'000 / kPageBytes);
  bench.write_all("a");
  bench.flip("a", std::nullopt);
  bench.write_all("b");
  bench.flip("b", "a");
  bench.read_all("b");
  std::printf("longest poll: %.2f ms\n", bench.longest_poll_ms());
  std::fputs(server->command({"INFO", "commandstats"}).c_str(), stdout);
  std::fputs(server->command({"SLOWLOG", "LEN"}).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  return headroom::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1300);
}
