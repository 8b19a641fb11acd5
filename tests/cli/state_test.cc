#include <gtest/gtest.h>

#include "cli/run_binary.h"
#include "engine/task.h"
#include "kit/redis_process.h"
#include "redis/redis_store.h"
#include "redis/store_calls.h"
#include "topologies/registry.h"
#include "worker/manifest_core.h"

namespace headroom::testing {
namespace {

constexpr const char* kLane = "state-test.right_sizing/3";

class State : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kit::RedisProcess::available()) GTEST_SKIP() << "redis-server is not installed";
    server_ = kit::RedisProcess::start();
    ASSERT_NE(server_, nullptr);
    config_ = folder_.write("c.json", R"({"installation": "state-test", "redis": {"url": ")" + server_->unix_url() +
                                          R"("}, "topologies": {"right_sizing": {}}})");
    RedisConfig redis;
    redis.url = server_->unix_url();
    auto store = RedisStore::make(redis, "state-test");
    ASSERT_TRUE(store);
    store_ = std::move(*store);
  }
  Ran state(std::vector<std::string> words) {
    words.insert(words.begin(), "state");
    words.insert(words.end(), {"--config", config_});
    return run_headroom(words);
  }
  // A checkpoint of an empty task that has read up to offset 4711.
  void checkpoint(const std::string& page_bytes = "") {
    const auto topology = build_topology(Config(), "right_sizing");
    ASSERT_TRUE(topology) << topology.status().to_string();
    const auto task = topology->make_task({"state-test", "right_sizing", 3, 1});
    task->advance_to(4711);
    Flip flip;
    flip.owner = "o1";
    flip.epoch = 6;
    flip.core = encode_manifest_core({2, 77, 4711, task->save_core()});
    StoreCalls calls(*store_);
    if (!page_bytes.empty()) {
      ASSERT_TRUE(calls.write_page(kLane, "a.1", page_bytes).is_ok());
      flip.changed = {{{0, 0}, "a.1"}};
    }
    const auto outcome = calls.flip(kLane, flip);
    ASSERT_TRUE(outcome && *outcome == FlipOutcome::kDone);
  }

  TestFolder folder_;
  std::unique_ptr<kit::RedisProcess> server_;
  std::string config_;
  std::unique_ptr<RedisStore> store_;
};

TEST_F(State, says_that_a_lane_has_no_checkpoint) {
  const Ran ran = state({"show", "right_sizing/3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("right_sizing/3"), std::string::npos);
  EXPECT_NE(ran.out.find("no checkpoint"), std::string::npos);
}

TEST_F(State, shows_a_checkpoint_as_table_and_as_json) {
  checkpoint();
  ASSERT_TRUE(StoreCalls(*store_).write_mark(kLane, AttemptMark{4800, 2}).is_ok());
  const Ran table = state({"show", "right_sizing/3", "--pages"});
  EXPECT_EQ(table.code, 0) << table.err << table.out;
  EXPECT_NE(table.out.find("4711"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("4800 (2 deaths)"), std::string::npos) << table.out;
  const Ran json = state({"show", "right_sizing/3", "--json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_NE(json.out.find("\"epoch\": 6"), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"incarnation\": 2"), std::string::npos) << json.out;
}

TEST_F(State, finds_a_page_that_cannot_be_loaded) {
  checkpoint("not a page");
  EXPECT_EQ(state({"show", "right_sizing/3"}).code, 0) << "pages are not read unless asked";
  const Ran ran = state({"show", "right_sizing/3", "--pages"});
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_NE(ran.out.find("page 0.0"), std::string::npos) << ran.out;
}

TEST_F(State, passes_a_record_only_when_confirmed) {
  const Ran unconfirmed = state({"skip", "right_sizing/3", "88121"});
  EXPECT_EQ(unconfirmed.code, 2) << unconfirmed.out;
  EXPECT_NE(unconfirmed.err.find("--yes"), std::string::npos);
  EXPECT_TRUE(StoreCalls(*store_).skips(kLane)->empty());
  const Ran ran = state({"skip", "right_sizing/3", "88121", "--yes"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("no worker says that it died"), std::string::npos) << ran.err;
  EXPECT_EQ(*StoreCalls(*store_).skips(kLane), std::vector<Offset>{88121});
  EXPECT_NE(state({"show", "right_sizing/3"}).out.find("88121"), std::string::npos);
}

TEST_F(State, refuses_lanes_that_cannot_be) {
  for (const char* lane : {"right_sizing", "right_sizing/", "right_sizing/x", "right_sizing/-1", "right_sizing/03", "nothing/3"}) {
    EXPECT_EQ(state({"show", lane}).code, 2) << lane;
    EXPECT_EQ(state({"skip", lane, "5", "--yes"}).code, 2) << lane;
  }
  EXPECT_EQ(state({"skip", "right_sizing/3", "-5", "--yes"}).code, 2);
  EXPECT_EQ(state({"skip", "right_sizing/3"}).code, 2);
}

TEST_F(State, says_when_redis_does_not_answer) {
  server_->kill();
  const Ran ran = state({"show", "right_sizing/3"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("Redis at"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace headroom::testing
