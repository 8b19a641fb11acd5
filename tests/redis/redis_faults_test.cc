#include <gtest/gtest.h>

#include "base/log.h"
#include "kit/redis_process.h"

#include "kit/tls_fixture.h"
#include "redis/redis_store.h"
#include "redis/store_calls.h"

// What the store makes of a Redis that dies, forgets, hangs, is full or refuses us.
namespace headroom {
namespace {

using kit::RedisProcess;

constexpr const char* kLane = "prod.right_sizing/3";

class RedisFaults : public testing::Test {
 protected:
  void SetUp() override {
    set_log(LogLevel::kError, LogFormat::kLogfmt);
    if (!RedisProcess::available()) GTEST_SKIP() << "redis-server is not installed";
  }
  void serve(RedisProcess::Options options = {}) {
    server_ = RedisProcess::start(std::move(options));
    ASSERT_NE(server_, nullptr);
    config_.url = server_->unix_url();
  }
  void open() {
    auto made = RedisStore::make(config_, "headroom-test");
    ASSERT_TRUE(made) << made.status().to_string();
    store_ = std::move(*made);
  }
  StoreCalls calls() { return StoreCalls(*store_); }
  bool wait_connected(bool wanted = true) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (store_->connected() != wanted && std::chrono::steady_clock::now() < deadline) store_->wait(50);
    return store_->connected() == wanted;
  }
  // Polls until `trouble()` holds `words`.
  bool wait_trouble(std::string_view words) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      store_->wait(50);
      if (store_->trouble().find(words) != std::string::npos) return true;
    }
    ADD_FAILURE() << "trouble is: " << store_->trouble();
    return false;
  }
  Status flip_one(const std::string& owner, std::optional<std::string> expected, const std::string& page) {
    if (Status status = calls().write_page(kLane, page, "bytes of " + page); !status) return status;
    Flip flip;
    flip.expected_owner = std::move(expected);
    flip.owner = owner;
    flip.epoch = 1;
    flip.core = "core";
    flip.changed = {{{0, 0}, page}};
    auto outcome = calls().flip(kLane, flip);
    if (!outcome) return outcome.status();
    return *outcome == FlipOutcome::kDone ? Status::ok() : Status(Code::kAborted, "outcome " + std::to_string(static_cast<int>(*outcome)));
  }

  std::unique_ptr<RedisProcess> server_;
  RedisConfig config_;
  std::unique_ptr<RedisStore> store_;
};

TEST_F(RedisFaults, a_killed_server_answers_each_request_once_and_what_it_kept_is_there_after_its_restart) {
  RedisProcess::Options options;
  options.aof = true;
  serve(options);
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  for (int round = 0; round < 5; ++round) {
    int answers = 0;
    int unavailable = 0;
    constexpr int kRequests = 400;
    for (int i = 0; i < kRequests; ++i) {
      store_->write_page(kLane, "b." + std::to_string(round * kRequests + i), std::string(64 << 10, 'x'), [&](Status status) {
        ++answers;
        unavailable += status.code() == Code::kUnavailable;
      });
    }
    while (answers < 20 * round + 1) store_->wait(50);
    server_->kill();
    ASSERT_TRUE(wait_connected(false));
    EXPECT_EQ(answers, kRequests);
    EXPECT_GT(unavailable, 0);
    EXPECT_EQ(store_->pending_bytes(), 0u);
    EXPECT_FALSE(store_->trouble().empty());
    ASSERT_TRUE(server_->restart());
    ASSERT_TRUE(wait_connected());
    EXPECT_EQ(store_->trouble(), "");
    EXPECT_EQ((*calls().manifest(kLane))->owner, "o1");
  }
  EXPECT_TRUE(flip_one("o2", "o1", "a.2").is_ok());
}

TEST_F(RedisFaults, an_unreachable_server_fails_requests_instead_of_keeping_them) {
  config_.url = "unix:///nonexistent/redis.sock";
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kUnavailable);
  int answers = 0;
  store_->read_mark(kLane, [&](auto) { ++answers; });
  store_->wait(0);
  EXPECT_EQ(answers, 1) << "while backing off a request fails at the next poll";
  EXPECT_NE(store_->trouble().find("/nonexistent/redis.sock"), std::string::npos);
}

TEST_F(RedisFaults, a_completion_that_asks_again_while_the_server_is_away_is_answered_later_not_at_once) {
  config_.url = "unix:///nonexistent/redis.sock";
  open();
  int answers = 0;
  std::function<void(Result<std::optional<AttemptMark>>)> again = [&](auto) {
    if (++answers < 10) store_->read_mark(kLane, again);
  };
  store_->read_mark(kLane, again);
  store_->poll();
  EXPECT_LE(answers, 1);
  for (int i = 0; i < 1000 && answers < 10; ++i) store_->poll();
  EXPECT_EQ(answers, 10);
}

TEST_F(RedisFaults, a_name_that_does_not_resolve_is_trouble_not_a_wait) {
  config_.url = "redis://no-such-host.invalid:6379/0";
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kUnavailable);
}

TEST_F(RedisFaults, a_flush_makes_the_next_flip_find_another_manifest) {
  serve();
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  server_->command({"FLUSHALL"});
  EXPECT_EQ(flip_one("o2", "o1", "a.2").message(), "outcome " + std::to_string(static_cast<int>(FlipOutcome::kOtherManifest)));
  EXPECT_TRUE(flip_one("o3", std::nullopt, "a.3").is_ok());
}

TEST_F(RedisFaults, a_full_server_refuses_writes_as_exhausted_and_keeps_the_manifest) {
  serve();
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  server_->command({"CONFIG", "SET", "maxmemory", "1mb"});
  EXPECT_EQ(calls().write_page(kLane, "b.1", "x").code(), Code::kExhausted);
  Flip flip;
  flip.expected_owner = "o1";
  flip.owner = "o2";
  flip.epoch = 1;
  EXPECT_EQ(calls().flip(kLane, flip).status().code(), Code::kExhausted);
  EXPECT_TRUE(store_->connected());
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o1");
  server_->command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(flip_one("o3", "o1", "a.3").is_ok());
}

TEST_F(RedisFaults, a_frozen_server_is_dropped_after_the_request_timeout) {
  config_.request_timeout_ms = 300;
  config_.connect_timeout_ms = 300;
  serve();
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  server_->pause();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kUnavailable);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(290));
  EXPECT_FALSE(store_->connected());
  server_->resume();
  ASSERT_TRUE(wait_connected());
  EXPECT_EQ((*calls().manifest(kLane))->owner, "o1");
}

TEST_F(RedisFaults, a_poll_never_blocks_on_a_frozen_server_that_takes_no_more_bytes) {
  serve();
  open();
  ASSERT_TRUE(calls().mark(kLane).is_ok());
  server_->pause();
  int answers = 0;
  for (int i = 0; i < 500; ++i) store_->write_page(kLane, "a." + std::to_string(i), std::string(64 << 10, 'x'), [&](Status) { ++answers; });
  for (int i = 0; i < 200; ++i) store_->poll();  // a blocking write would hang here until the test's timeout
  EXPECT_EQ(answers, 0);
  EXPECT_GE(store_->pending_bytes(), 500u * (64 << 10));
  server_->resume();
  for (int i = 0; i < 2000 && answers < 500; ++i) store_->wait(20);
  EXPECT_EQ(answers, 500);
}

TEST_F(RedisFaults, a_wrong_password_is_denied_and_never_repeated) {
  RedisProcess::Options options;
  options.extra = {"--requirepass", "right"};
  serve(options);
  config_.password = "s3cret-wrong";
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kDenied);
  EXPECT_EQ(store_->trouble().find("s3cret"), std::string::npos);
  config_.password = "";
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kDenied);
  EXPECT_NE(store_->trouble().find("redis.password"), std::string::npos) << store_->trouble();
  config_.password = "right";
  open();
  EXPECT_TRUE(calls().manifest(kLane).is_ok());
}

TEST_F(RedisFaults, a_user_with_exactly_the_documented_commands_is_enough) {
  serve();
  server_->command({"ACL",   "SETUSER", "worker", "on",     ">pw",      "~headroom:*", "-@all",     "+select", "+ping",
                    "+eval", "+get",    "+set",   "+del",   "+hgetall", "+sadd",       "+smembers", "+copy",   "+exists",
                    "+hdel", "+hget",   "+hmget", "+hscan", "+hset",    "+persist",    "+rename",   "+unlink"});
  config_.user = "worker";
  config_.password = "pw";
  config_.url = server_->unix_url() + "?db=1";
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  ASSERT_TRUE(flip_one("o2", "o1", "a.2").is_ok());
  EXPECT_TRUE(calls().add_skip(kLane, 5).is_ok());
  EXPECT_TRUE(calls().skips(kLane).is_ok());
  EXPECT_TRUE(calls().write_mark(kLane, AttemptMark{1, 1}).is_ok());
  EXPECT_TRUE(calls().write_mark(kLane, std::nullopt).is_ok());
  EXPECT_TRUE(store_->facts().version.empty()) << "INFO is forbidden to this user";
  EXPECT_EQ(calls().manifest("x").status().code(), Code::kOk);
}

TEST_F(RedisFaults, a_forbidden_command_is_denied_and_keeps_the_connection) {
  serve();
  server_->command({"ACL", "SETUSER", "reader", "on", ">pw", "~headroom:*", "-@all", "+ping", "+hgetall", "+get"});
  config_.user = "reader";
  config_.password = "pw";
  open();
  EXPECT_TRUE(calls().manifest(kLane).is_ok());
  EXPECT_EQ(calls().write_page(kLane, "a.1", "x").code(), Code::kDenied);
  EXPECT_TRUE(store_->connected());
}

TEST_F(RedisFaults, an_evicting_policy_is_known) {
  RedisProcess::Options options;
  options.extra = {"--maxmemory-policy", "allkeys-lru"};
  serve(options);
  open();
  ASSERT_TRUE(calls().mark(kLane).is_ok());
  EXPECT_TRUE(store_->facts().evicts);
  EXPECT_EQ(store_->facts().eviction_policy, "allkeys-lru");
  EXPECT_FALSE(store_->facts().version.empty());
}

TEST_F(RedisFaults, a_replica_is_trouble_until_it_is_master_again) {
  serve();
  open();
  ASSERT_TRUE(calls().mark(kLane).is_ok());
  server_->command({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(calls().write_page(kLane, "a.1", "x").code(), Code::kUnavailable);
  EXPECT_TRUE(wait_trouble("replica"));
  server_->command({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(wait_connected());
}

TEST_F(RedisFaults, a_cluster_without_our_slot_is_named_as_the_trouble) {
  RedisProcess::Options options;
  options.extra = {"--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"};
  options.tcp = true;
  serve(options);
  server_->command({"CLUSTER", "ADDSLOTS", "1"});
  open();
  // Seen at the answer: the store reconnects at once, and then has nothing to complain of. On a busy machine the first request may fail
  // before it is sent.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool named = false;
  while (!named && std::chrono::steady_clock::now() < deadline) {
    EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kUnavailable);
    named = store_->trouble().find("Cluster") != std::string::npos;
  }
  EXPECT_TRUE(named);
}

TEST_F(RedisFaults, a_manifest_of_another_make_is_corrupt) {
  serve();
  open();
  server_->command({"HSET", "headroom:{prod.right_sizing/3}:m", "something", "else"});
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kCorrupt);
  server_->command({"SET", "headroom:{prod.right_sizing/3}:m", "text"});
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kCorrupt);
}

TEST_F(RedisFaults, what_a_dead_owner_left_amid_a_flip_is_swept_by_the_next) {
  serve();
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  const std::string base = "headroom:{prod.right_sizing/3}:";
  server_->command({"SET", base + "p:dead.1", "x"});
  server_->command({"SET", base + "p:dead.2", "x"});
  server_->command({"HSET", base + "s", "owner", "dead", "epoch", "00000000000000000001", "p0.0", "a.1", "p0.1", "dead.1"});
  server_->command({"HSET", base + "g", "owner", "older", "epoch", "00000000000000000001", "p0.0", "a.1", "p0.7", "dead.2"});
  ASSERT_TRUE(flip_one("o2", "o1", "a.2").is_ok());
  for (int i = 0; i < 200 && server_->command({"DBSIZE"}) != ":2\r\n"; ++i) store_->wait(10);
  EXPECT_EQ(server_->command({"DBSIZE"}), ":2\r\n") << "the manifest and its page";
  EXPECT_EQ(*calls().page(kLane, "a.2"), "bytes of a.2");
}

TEST_F(RedisFaults, a_zombie_of_an_older_epoch_cannot_disturb_a_flip_under_way) {
  serve();
  open();
  ASSERT_TRUE(flip_one("o1", std::nullopt, "a.1").is_ok());
  server_->command({"HSET", "headroom:{prod.right_sizing/3}:s", "owner", "successor", "epoch", "00000000000000000002", "p0.0", "a.1"});
  EXPECT_EQ(flip_one("zombie", "o1", "a.2").message(), "outcome " + std::to_string(static_cast<int>(FlipOutcome::kNewerEpoch)));
  EXPECT_NE(server_->command({"HGET", "headroom:{prod.right_sizing/3}:s", "owner"}).find("successor"), std::string::npos);
}

class RedisTls : public RedisFaults {
 protected:
  void SetUp() override {
    RedisFaults::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(files_.ok()) << "the openssl command did not make certificates";
    RedisProcess::Options options;
    options.tls = true;
    options.tls_directory = files_.directory();
    serve(options);
    config_.url = server_->tls_url();
    config_.ca_file = files_.file("ca.pem");
    config_.cert_file = files_.file("client.pem");
    config_.key_file = files_.file("client.key");
  }
  kit::TlsFixture files_;
};

TEST_F(RedisTls, refuses_a_server_of_a_foreign_authority) {
  config_.ca_file = files_.file("foreign.pem");
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kDenied);
  EXPECT_NE(store_->trouble().find("certificate"), std::string::npos) << store_->trouble();
}

TEST_F(RedisTls, refuses_a_server_of_another_name) {
  config_.url = server_->tls_url("127.0.0.1");
  open();
  EXPECT_EQ(calls().manifest(kLane).status().code(), Code::kDenied);
  EXPECT_NE(store_->trouble().find("mismatch"), std::string::npos) << store_->trouble();
}

TEST_F(RedisTls, is_refused_without_a_client_certificate) {
  config_.cert_file = config_.key_file = "";
  open();
  EXPECT_FALSE(calls().manifest(kLane).is_ok());
  EXPECT_FALSE(store_->connected());
}

TEST_F(RedisTls, moves_pages_both_ways_in_bulk) {
  open();
  int good = 0;
  for (int i = 0; i < 300; ++i)
    store_->write_page(kLane, "a." + std::to_string(i), std::string(100'000, static_cast<char>('a' + i % 26)),
                       [&](Status status) { good += status.is_ok(); });
  for (int i = 0; i < 300; ++i) {
    store_->read_page(kLane, "a." + std::to_string(i),
                      [&, i](Result<std::string> page) { good += page && *page == std::string(100'000, static_cast<char>('a' + i % 26)); });
  }
  for (int i = 0; i < 2000 && store_->pending_bytes() > 0; ++i) store_->wait(20);
  EXPECT_EQ(good, 600);
}

TEST_F(RedisTls, says_which_file_is_wrong_before_any_connection) {
  for (std::string RedisConfig::*file : {&RedisConfig::ca_file, &RedisConfig::cert_file, &RedisConfig::key_file}) {
    RedisConfig config = config_;
    config.*file = "/nonexistent.pem";
    const auto made = RedisStore::make(config, "x");
    EXPECT_EQ(made.status().code(), Code::kInvalid);
    EXPECT_NE(made.status().message().find("/nonexistent.pem"), std::string::npos);
  }
  config_.key_file = files_.file("server.key");
  EXPECT_EQ(RedisStore::make(config_, "x").status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace headroom
