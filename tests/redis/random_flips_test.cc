#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "base/log.h"
#include "kit/fake_store.h"
#include "kit/redis_process.h"
#include "redis/redis_store.h"

namespace headroom {
namespace {

// The same random requests to the real store and to the model of its rules (the fake): equal outcomes, equal manifests, and every page that
// a manifest names is there. Lanes go side by side so that requests are pipelined as the worker's are.
class TwinRun {
 public:
  TwinRun(CheckpointStore& real, const kit::RedisProcess& server, uint64_t seed) : real_(real), server_(server), random_(seed) {}

  void run(int flips) {
    while (flips > 0) {
      const int lanes = std::min(flips, 64);
      for (int i = 0; i < lanes; ++i) one_flip("t.lane/" + std::to_string(i));
      settle();
      flips -= lanes;
      if (random_() % 400 == 0) {
        server_.command({"FLUSHALL"});
        model_.flush();
      }
    }
  }
  void compare(int lanes) {
    for (int i = 0; i < lanes; ++i) compare_lane("t.lane/" + std::to_string(i));
    settle();
  }
  int outcomes[4] = {};

 private:
  void one_flip(const std::string& lane) {
    Flip flip;
    const auto& old = model_.lanes[lane].manifest;
    flip.owner = "o" + std::to_string(++names_);
    flip.core = "core " + flip.owner;
    const uint64_t epoch = old ? old->epoch : 1;
    flip.epoch = random_() % 10 == 0 ? epoch - 1 : epoch + random_() % 2;
    if (random_() % 8 != 0) flip.expected_owner = random_() % 20 == 0 || !old ? "nobody" : old->owner;
    for (size_t count = random_() % 6; count > 0; --count) flip.changed.push_back({random_page(), write_page(lane)});
    if (random_() % 3 == 0) flip.dropped.push_back(random_page());
    std::erase_if(flip.dropped, [&](PageId id) {
      return std::any_of(flip.changed.begin(), flip.changed.end(), [&](const auto& one) { return one.first == id; });
    });
    if (old && !old->pages.empty() && random_() % 30 == 0) lose(lane, old->pages.begin()->second);
    const FlipOutcome expected = model_.flip(lane, flip);
    ++outcomes[static_cast<int>(expected)];
    ++asked_;
    real_.flip(lane, flip, [this, lane, expected](Result<FlipOutcome> got) {
      ++answered_;
      ASSERT_TRUE(got) << got.status().to_string();
      ASSERT_EQ(*got, expected) << lane;
    });
  }

  PageId random_page() { return {static_cast<uint32_t>(random_() % 2), static_cast<uint32_t>(random_() % 8)}; }

  std::string write_page(const std::string& lane) {
    const std::string name = "n" + std::to_string(++names_);
    if (random_() % 25 == 0) return name;  // never written
    model_.lanes[lane].pages[name] = {name, 600'000};
    ++asked_;
    real_.write_page(lane, name, name, [this](Status status) {
      ++answered_;
      ASSERT_TRUE(status.is_ok());
    });
    return name;
  }

  void lose(const std::string& lane, const std::string& name) {
    settle();
    server_.command({"DEL", "headroom:{" + lane + "}:p:" + name});
    model_.evict_page(lane, name);
  }

  void compare_lane(const std::string& lane) {
    ++asked_;
    real_.read_manifest(lane, [this, lane](Result<std::optional<Manifest>> got) {
      ++answered_;
      ASSERT_TRUE(got) << got.status().to_string();
      const auto& expected = model_.lanes[lane].manifest;
      ASSERT_EQ(got->has_value(), expected.has_value()) << lane;
      if (!expected) return;
      EXPECT_EQ((*got)->owner, expected->owner);
      EXPECT_EQ((*got)->epoch, expected->epoch);
      EXPECT_EQ((*got)->core, expected->core);
      EXPECT_EQ((*got)->pages, expected->pages);
      for (const auto& [id, name] : expected->pages) expect_page(lane, name, model_.has_page(lane, name));
    });
  }

  void expect_page(const std::string& lane, const std::string& name, bool there) {
    ++asked_;
    real_.read_page(lane, name, [this, name, there](Result<std::string> got) {
      ++answered_;
      ASSERT_EQ(got.is_ok(), there) << name;
    });
  }

  void settle() {
    for (int i = 0; i < 10'000 && answered_ < asked_; ++i) real_.wait(100);
    ASSERT_EQ(answered_, asked_);
  }

  CheckpointStore& real_;
  const kit::RedisProcess& server_;
  kit::FakeRedis model_;
  std::mt19937_64 random_;
  uint64_t names_ = 0;
  size_t asked_ = 0;
  size_t answered_ = 0;
};

TEST(RandomFlips, end_as_the_model_of_the_rules_says) {
  if (!kit::RedisProcess::available()) GTEST_SKIP() << "redis-server is not installed";
  set_log(LogLevel::kError, LogFormat::kLogfmt);
  const auto server = kit::RedisProcess::start();
  ASSERT_NE(server, nullptr);
  RedisConfig config;
  config.url = server->unix_url();
  auto store = RedisStore::make(config, "random-flips");
  ASSERT_TRUE(store);
  const char* wanted = std::getenv("HEADROOM_RANDOM_FLIPS");
  TwinRun run(**store, *server, 20261122);
  run.run(wanted != nullptr ? std::atoi(wanted) : 20'000);
  run.compare(64);
  for (const int count : run.outcomes) EXPECT_GT(count, 100) << "every outcome is met";
}

}  // namespace
}  // namespace headroom
