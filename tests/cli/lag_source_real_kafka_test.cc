#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "cli/child.h"
#include "kafka/topic_tail.h"
#include "lag_world.h"
#include "run_binary.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

class LagSourceRealKafka : public LagRealKafka {
 protected:
  void SetUp() override {
    LagRealKafka::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    lag_topic = installation + ".lag";
    topic = make_topic("t", 2);
    produce(topic, 0, {kStart, kStart + 1000, kStart + 2000});
    commit(group(), topic, 0, 1);
    commit(group(), topic, 1, 0);
  }

  std::string file(const Json& more = Json::object()) const {
    Json source = {{"topic", lag_topic}, {"interval", "1s"},       {"partitions", 3},
                   {"source", "a"},      {"groups", {group("*")}}, {"labels", {{{"labels", {{"env", "production"}}}}}}};
    source.update(more);
    return folder.write("config.json", Json({{"installation", installation},
                                             {"kafka", {{"brokers", config.brokers}}},
                                             {"http", {{"listen", "127.0.0.1:0"}}},
                                             {"lag_source", source},
                                             {"topologies", {{"right_sizing", Json::object()}}}})
                                           .dump());
  }

  Result<Child> start(std::vector<std::string> words) const {
    words.insert(words.begin(), HEADROOM_BINARY);
    return Child::start({words, folder.file("log")});
  }

  // Everything that the lag topic holds until `done` says so, by partition.
  std::map<Partition, std::vector<Json>> follow(const std::function<bool(const std::map<Partition, std::vector<Json>>&)>& done) {
    std::map<Partition, std::vector<Json>> records;
    const int64_t deadline = steady_ms() + 40'000;
    std::unique_ptr<TopicTail> tail;
    while (!done(records) && steady_ms() < deadline) {
      if (tail == nullptr) {
        auto opened = TopicTail::open(config, lag_topic, 1000);
        if (opened) tail = std::move(*opened);
        continue;
      }
      EXPECT_TRUE(tail->poll(100, [&](const TopicRecord& record) {
        Json value = Json::parse(record.value, nullptr, false);
        value["key"] = std::string(record.key);
        records[record.partition].push_back(std::move(value));
      }));
    }
    return records;
  }

  testing::TestFolder folder;
  std::string lag_topic;
  std::string topic;
};

TEST_F(LagSourceRealKafka, writes_samples_under_their_key_and_then_a_tick_to_every_partition) {
  auto child = start({"lag-source", "--config", file(), "--create-topics"});
  ASSERT_TRUE(child);
  const auto ticks = [](const std::vector<Json>& records) {
    return std::count_if(records.begin(), records.end(), [](const Json& one) { return one.contains("tick_ms"); });
  };
  const auto records = follow([&](const auto& seen) {
    return seen.size() == 3 && std::all_of(seen.begin(), seen.end(), [&](const auto& one) { return ticks(one.second) >= 3; });
  });
  child->signal(SIGTERM);
  EXPECT_EQ(child->wait(20'000), 0) << testing::read_text(folder.file("log"));
  ASSERT_EQ(records.size(), 3u) << testing::read_text(folder.file("log"));

  size_t with_samples = 0;
  for (const auto& [partition, of_partition] : records) {
    uint64_t seq = 0;
    int samples = 0;
    for (const Json& one : of_partition) {
      if (one.contains("tick_ms")) {
        EXPECT_EQ(one["key"], "");
        EXPECT_EQ(one["interval_ms"], 1000);
        EXPECT_GT(one["seq"].get<uint64_t>(), seq) << "sequences rise";
        seq = one["seq"].get<uint64_t>();
        EXPECT_TRUE(samples == 0 || samples == 2) << "of both partitions, before the tick";
        samples = 0;
        continue;
      }
      ++samples;
      EXPECT_EQ(one["key"], "production/none");
      EXPECT_EQ(one["cluster"], installation);
      EXPECT_EQ(one["source"], "a");
      EXPECT_GT(one["seq"].get<uint64_t>(), seq) << "a sample stands before the tick of its cycle";
    }
    with_samples += of_partition.front().contains("group");
  }
  EXPECT_EQ(with_samples, 1u) << "one key is in one partition";
}

TEST_F(LagSourceRealKafka, says_that_the_lag_topic_is_missing_and_ends) {
  const auto ran = testing::run_headroom({"lag-source", "--config", file()});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("the lag topic " + lag_topic + " does not exist: make it, or start with --create-topics"), std::string::npos)
      << ran.err;
}

TEST_F(LagSourceRealKafka, watches_within_run_when_told_to) {
  const std::string redis = kit::shared_cluster().redis();
  auto child =
      start({"run", "--config", file({{"in_run", true}}), "--create-topics", "--set", "redis.url=" + redis, "--set",
             "topologies.right_sizing.topic=" + installation + ".samples", "--set",
             "topologies.right_sizing.action_topic=" + installation + ".actions", "--set", "rejected_topic=" + installation + ".rejected"});
  ASSERT_TRUE(child);
  const auto records = follow([](const auto& seen) { return seen.size() == 3; });
  child->signal(SIGTERM);
  EXPECT_EQ(child->wait(30'000), 0) << testing::read_text(folder.file("log"));
  EXPECT_EQ(records.size(), 3u) << testing::read_text(folder.file("log"));
}

}  // namespace
}  // namespace headroom
