#include <gtest/gtest.h>

#include "base/log.h"
#include "kit/fake_store.h"
#include "kit/redis_process.h"

#include "kit/tls_fixture.h"
#include "redis/redis_store.h"
#include "redis/store_calls.h"

// The promises of CheckpointStore, checked over the real store on a real Redis (unix socket, TCP, TLS) and over the fake that other tests
// use.
namespace headroom {
namespace {

struct StoreCase {
  virtual ~StoreCase() = default;
  virtual CheckpointStore& store() = 0;
  virtual void lose_page(const std::string& lane, const std::string& name) = 0;
};

struct FakeCase : StoreCase {
  CheckpointStore& store() override { return fake; }
  void lose_page(const std::string& lane, const std::string& name) override { redis.evict_page(lane, name); }
  kit::FakeRedis redis;
  kit::FakeStore fake{redis};
};

struct RealCase : StoreCase {
  CheckpointStore& store() override { return *real; }
  void lose_page(const std::string& lane, const std::string& name) override {
    server->command(
        {"EVAL", "redis.call('SELECT', ARGV[1]) return redis.call('DEL', KEYS[1])", "1", "headroom:{" + lane + "}:p:" + name, database});
  }
  std::unique_ptr<kit::TlsFixture> tls;
  std::unique_ptr<kit::RedisProcess> server;
  std::unique_ptr<RedisStore> real;
  std::string database = "0";
};

std::unique_ptr<StoreCase> make_real(const std::string& kind) {
  auto made = std::make_unique<RealCase>();
  kit::RedisProcess::Options options;
  RedisConfig config;
  options.tcp = kind == "tcp";
  options.tls = kind == "tls";
  if (options.tls) {
    made->tls = std::make_unique<kit::TlsFixture>();
    if (!made->tls->ok()) return nullptr;
    options.tls_directory = made->tls->directory();
    config.ca_file = made->tls->file("ca.pem");
    config.cert_file = made->tls->file("client.pem");
    config.key_file = made->tls->file("client.key");
  }
  made->server = kit::RedisProcess::start(options);
  if (!made->server) return nullptr;
  config.url = kind == "tcp" ? made->server->tcp_url() : kind == "tls" ? made->server->tls_url() : made->server->unix_url() + "?db=3";
  auto store = RedisStore::make(config, "headroom-test");
  if (!store) return nullptr;
  made->real = std::move(*store);
  if (kind == "unix") made->database = "3";
  return made;
}

class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    set_log(LogLevel::kWarn, LogFormat::kLogfmt);
    if (GetParam() == "fake") {
      case_ = std::make_unique<FakeCase>();
    } else {
      if (!kit::RedisProcess::available()) GTEST_SKIP() << "redis-server is not installed";
      case_ = make_real(GetParam());
    }
    ASSERT_NE(case_, nullptr) << "the store could not be made";
  }
  CheckpointStore& store() { return case_->store(); }
  StoreCalls calls() { return StoreCalls(store()); }

  void put(const std::string& name, const std::string& bytes = "bytes") { ASSERT_TRUE(calls().write_page(kLane, name, bytes).is_ok()); }
  void expect_gone(const std::string& name) {
    // What a flip superseded is deleted soon after it, not necessarily within it.
    for (int tries = 0; tries < 100 && calls().page(kLane, name).is_ok(); ++tries) store().wait(1);
    EXPECT_EQ(calls().page(kLane, name).status().code(), Code::kNotFound) << name;
  }

  static constexpr const char* kLane = "prod.right_sizing/3";
  std::unique_ptr<StoreCase> case_;
};

Flip whole(std::string owner, uint64_t epoch, std::vector<std::pair<PageId, std::string>> pages) {
  Flip flip;
  flip.owner = std::move(owner);
  flip.epoch = epoch;
  flip.core = "core of " + flip.owner;
  flip.changed = std::move(pages);
  return flip;
}

Flip after(std::string expected, Flip flip) {
  flip.expected_owner = std::move(expected);
  return flip;
}

TEST_P(StoreContract, knows_nothing_of_a_new_lane) {
  auto manifest = calls().manifest(kLane);
  ASSERT_TRUE(manifest) << manifest.status().to_string();
  EXPECT_FALSE(manifest->has_value());
  EXPECT_EQ(calls().page(kLane, "a.1").status().code(), Code::kNotFound);
  EXPECT_FALSE(calls().mark(kLane)->has_value());
  EXPECT_TRUE(calls().skips(kLane)->empty());
  EXPECT_TRUE(store().connected());
  EXPECT_EQ(store().trouble(), "");
}

TEST_P(StoreContract, gives_back_the_bytes_of_a_page) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes.push_back(static_cast<char>(i * 7 % 256));
  put("a.1", bytes);
  put("a.2", "");
  EXPECT_EQ(*calls().page(kLane, "a.1"), bytes);
  EXPECT_EQ(*calls().page(kLane, "a.2"), "");
}

TEST_P(StoreContract, keeps_what_a_flip_names) {
  put("a.1", "one");
  put("a.2", "two");
  Flip flip = whole("o1", 7, {{{0, 0}, "a.1"}, {{2, 900}, "a.2"}});
  flip.core = std::string("\0\r\n$5\xff", 6);
  auto outcome = calls().flip(kLane, flip);
  ASSERT_TRUE(outcome) << outcome.status().to_string();
  EXPECT_EQ(*outcome, FlipOutcome::kDone);
  const auto manifest = calls().manifest(kLane);
  ASSERT_TRUE(manifest && manifest->has_value());
  EXPECT_EQ((*manifest)->owner, "o1");
  EXPECT_EQ((*manifest)->epoch, 7u);
  EXPECT_EQ((*manifest)->core, flip.core);
  EXPECT_EQ((*manifest)->pages, (std::map<PageId, std::string>{{{0, 0}, "a.1"}, {{2, 900}, "a.2"}}));
  EXPECT_EQ(*calls().page(kLane, "a.2"), "two");
}

TEST_P(StoreContract, replaces_keeps_and_drops_pages_by_a_flip_and_deletes_the_superseded) {
  for (const char* name : {"a.1", "a.2", "a.3", "a.4"}) put(name);
  ASSERT_EQ(*calls().flip(kLane, whole("o1", 1, {{{0, 0}, "a.1"}, {{0, 1}, "a.2"}, {{0, 2}, "a.3"}})), FlipOutcome::kDone);
  Flip next = after("o1", whole("o2", 1, {{{0, 1}, "a.4"}}));
  next.dropped = {{0, 2}};
  ASSERT_EQ(*calls().flip(kLane, next), FlipOutcome::kDone);
  EXPECT_EQ((*calls().manifest(kLane))->pages, (std::map<PageId, std::string>{{{0, 0}, "a.1"}, {{0, 1}, "a.4"}}));
  EXPECT_TRUE(calls().page(kLane, "a.1").is_ok());
  expect_gone("a.2");
  expect_gone("a.3");
}

TEST_P(StoreContract, refuses_a_flip_over_a_missing_or_foreign_manifest) {
  put("a.1");
  EXPECT_EQ(*calls().flip(kLane, after("o1", whole("o2", 1, {{{0, 0}, "a.1"}}))), FlipOutcome::kOtherManifest);
  EXPECT_FALSE(calls().manifest(kLane)->has_value());
  put("a.2");
  ASSERT_EQ(*calls().flip(kLane, whole("o3", 1, {{{0, 0}, "a.2"}})), FlipOutcome::kDone);
  put("a.3");
  EXPECT_EQ(*calls().flip(kLane, after("o1", whole("o4", 1, {{{0, 0}, "a.3"}}))), FlipOutcome::kOtherManifest);
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o3");
  EXPECT_TRUE(calls().page(kLane, "a.2").is_ok());
}

TEST_P(StoreContract, refuses_an_older_epoch_before_anything_else) {
  put("a.1");
  ASSERT_EQ(*calls().flip(kLane, whole("o1", 10, {{{0, 0}, "a.1"}})), FlipOutcome::kDone);
  EXPECT_EQ(*calls().flip(kLane, whole("o2", 9, {{{0, 0}, "gone"}})), FlipOutcome::kNewerEpoch);
  EXPECT_EQ(*calls().flip(kLane, after("o1", whole("o2", 9, {}))), FlipOutcome::kNewerEpoch);
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o1");
}

TEST_P(StoreContract, compares_epochs_exactly) {
  ASSERT_EQ(*calls().flip(kLane, whole("o1", UINT64_MAX, {})), FlipOutcome::kDone);
  EXPECT_EQ(*calls().flip(kLane, whole("o2", UINT64_MAX - 1, {})), FlipOutcome::kNewerEpoch);
  EXPECT_EQ(*calls().flip(kLane, whole("o3", UINT64_MAX, {})), FlipOutcome::kDone);
  EXPECT_EQ((*calls().manifest(kLane))->epoch, UINT64_MAX);
}

TEST_P(StoreContract, replaces_the_whole_of_an_older_or_equal_epoch) {
  for (const char* name : {"a.1", "a.2", "b.1", "b.2"}) put(name);
  ASSERT_EQ(*calls().flip(kLane, whole("o1", 4, {{{0, 0}, "a.1"}, {{0, 1}, "a.2"}})), FlipOutcome::kDone);
  ASSERT_EQ(*calls().flip(kLane, whole("o2", 5, {{{0, 0}, "b.1"}})), FlipOutcome::kDone);
  EXPECT_EQ((*calls().manifest(kLane))->pages.size(), 1u);
  expect_gone("a.1");
  expect_gone("a.2");
  ASSERT_EQ(*calls().flip(kLane, whole("o3", 5, {{{0, 0}, "b.2"}})), FlipOutcome::kDone);
  expect_gone("b.1");
}

TEST_P(StoreContract, refuses_a_flip_that_names_a_missing_page) {
  put("a.1");
  EXPECT_EQ(*calls().flip(kLane, whole("o1", 1, {{{0, 0}, "a.1"}, {{0, 1}, "never"}})), FlipOutcome::kPageMissing);
  EXPECT_FALSE(calls().manifest(kLane)->has_value());
}

TEST_P(StoreContract, refuses_a_flip_that_keeps_a_missing_page) {
  put("a.1");
  put("a.2");
  ASSERT_EQ(*calls().flip(kLane, whole("o1", 1, {{{0, 0}, "a.1"}, {{0, 1}, "a.2"}})), FlipOutcome::kDone);
  case_->lose_page(kLane, "a.1");
  put("a.3");
  EXPECT_EQ(*calls().flip(kLane, after("o1", whole("o2", 1, {{{0, 1}, "a.3"}}))), FlipOutcome::kPageMissing);
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o1");
  put("a.4");
  EXPECT_EQ(*calls().flip(kLane, after("o1", whole("o2", 1, {{{0, 0}, "a.4"}}))), FlipOutcome::kDone)
      << "the lost page is not named any more";
}

TEST_P(StoreContract, flips_thousands_of_pages_at_once) {
  constexpr uint32_t kPages = 5200;
  Flip first = whole("o1", 1, {});
  Flip second = after("o1", whole("o2", 1, {}));
  int written = 0;
  const auto write = [&](const std::string& name) {
    store().write_page(kLane, name, "x", [&](Status status) { written += status.is_ok(); });
  };
  for (uint32_t i = 0; i < kPages; ++i) {
    first.changed.push_back({{1, i}, "a." + std::to_string(i)});
    write("a." + std::to_string(i));
    if (i % 2 == 0) {
      second.changed.push_back({{1, i}, "b." + std::to_string(i)});
      write("b." + std::to_string(i));
    } else if (i % 3 == 0) {
      second.dropped.push_back({1, i});
    }
  }
  ASSERT_EQ(*calls().flip(kLane, first), FlipOutcome::kDone);
  EXPECT_EQ(written, static_cast<int>(kPages + kPages / 2));
  ASSERT_EQ(*calls().flip(kLane, second), FlipOutcome::kDone);
  const auto manifest = calls().manifest(kLane);
  EXPECT_EQ((*manifest)->pages.size(), kPages - second.dropped.size());
  EXPECT_EQ((*manifest)->pages.at({1, 5198}), "b.5198");
  EXPECT_EQ((*manifest)->pages.at({1, 1}), "a.1");
  expect_gone("a.5198");
  expect_gone("a.3");
}

TEST_P(StoreContract, runs_flips_of_a_lane_in_the_order_they_were_asked) {
  put("a.1");
  put("a.2");
  std::vector<FlipOutcome> outcomes;
  const auto note = [&](Result<FlipOutcome> outcome) { outcomes.push_back(outcome ? *outcome : FlipOutcome::kPageMissing); };
  store().flip(kLane, whole("o1", 1, {{{0, 0}, "a.1"}}), note);
  store().flip(kLane, after("o1", whole("o2", 1, {{{0, 0}, "a.2"}})), note);
  store().flip(kLane, after("o2", whole("o3", 1, {})), note);
  ASSERT_EQ(*calls().flip("other.lane/0", whole("x", 1, {})), FlipOutcome::kDone);
  for (int i = 0; i < 1000 && outcomes.size() < 3; ++i) store().wait(20);
  EXPECT_EQ(outcomes, (std::vector<FlipOutcome>{FlipOutcome::kDone, FlipOutcome::kDone, FlipOutcome::kDone}));
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o3");
}

TEST_P(StoreContract, lets_a_completion_ask_for_more) {
  int depth = 0;
  std::function<void(Status)> again = [&](Status status) {
    ASSERT_TRUE(status.is_ok());
    if (++depth < 50) store().write_page(kLane, "a." + std::to_string(depth), "x", again);
  };
  store().write_page(kLane, "a.0", "x", again);
  for (int i = 0; i < 1000 && depth < 50; ++i) store().wait(20);
  EXPECT_EQ(depth, 50);
}

TEST_P(StoreContract, counts_bytes_until_they_are_answered) {
  ASSERT_TRUE(calls().mark(kLane).is_ok());
  EXPECT_EQ(store().pending_bytes(), 0u);
  bool answered = false;
  store().write_page(kLane, "a.1", std::string(100'000, 'x'), [&](Status) { answered = true; });
  EXPECT_GE(store().pending_bytes(), 100'000u);
  for (int i = 0; i < 1000 && !answered; ++i) store().wait(20);
  EXPECT_TRUE(answered);
  EXPECT_EQ(store().pending_bytes(), 0u);
}

TEST_P(StoreContract, remembers_and_forgets_marks) {
  ASSERT_TRUE(calls().write_mark(kLane, AttemptMark{123456789012, 2}).is_ok());
  const auto mark = calls().mark(kLane);
  ASSERT_TRUE(mark && mark->has_value());
  EXPECT_EQ((*mark)->offset, 123456789012);
  EXPECT_EQ((*mark)->deaths, 2);
  ASSERT_TRUE(calls().write_mark(kLane, std::nullopt).is_ok());
  EXPECT_FALSE(calls().mark(kLane)->has_value());
}

TEST_P(StoreContract, lists_skips_in_order_and_once) {
  for (const Offset offset : std::vector<Offset>{9'007'199'254'740'993, 5, 100, 5}) ASSERT_TRUE(calls().add_skip(kLane, offset).is_ok());
  EXPECT_EQ(*calls().skips(kLane), (std::vector<Offset>{5, 100, 9'007'199'254'740'993}));
  EXPECT_TRUE(calls().skips("other.lane/3")->empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Values("fake", "unix", "tcp", "tls"),
                         [](const auto& named) { return named.param; });

}  // namespace
}  // namespace headroom
