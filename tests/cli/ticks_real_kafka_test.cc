#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/child.h"
#include "headroom/codec.h"
#include "kit/kafka_cluster.h"
#include "run_binary.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

class TicksRealKafka : public kit::RealKafkaTest {
 protected:
  Child start(const std::string& brokers, const std::string& topic, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command = {HEADROOM_BINARY, "ticks", "--set", "kafka.brokers=" + brokers, "--topic", topic};
    command.insert(command.end(), more.begin(), more.end());
    auto child = Child::start({command, folder.file("log")});
    EXPECT_TRUE(child) << child.status().to_string();
    return std::move(*child);
  }
  std::string log() const { return read_text(folder.file("log")); }

  TestFolder folder;
};

TEST_F(TicksRealKafka, come_to_every_partition_at_the_intervals_of_the_epoch) {
  const std::string topic = make_topic("samples", 3);
  const auto tail = follow_topic(topic);
  ASSERT_NE(tail, nullptr);
  Child child = start(config.brokers, topic, {"--interval", "200ms", "--source", "me"});
  std::map<Partition, std::vector<int64_t>> ticks;
  const auto decoder = make_sample_decoder();
  const auto enough = [&] {
    return ticks.size() == 3 && std::all_of(ticks.begin(), ticks.end(), [](const auto& one) { return one.second.size() >= 5; });
  };
  for (const int64_t deadline = steady_ms() + 40'000; !enough() && steady_ms() < deadline;)
    ASSERT_TRUE(tail->poll(100, [&](const TopicRecord& record) {
      EXPECT_EQ(record.key, "");
      const Json value = Json::parse(record.value);
      EXPECT_EQ(value.at("source"), "me");
      EXPECT_EQ(value.at("interval_ms"), 200);
      ticks[record.partition].push_back(value.at("tick_ms").get<int64_t>());
      // As the lanes read it.
      Decoded<Sample> decoded;
      decoder->decode({record.offset, record.timestamp_ms, record.key, record.value}, 0, decoded);
      ASSERT_EQ(decoded.ticks.size(), 1u);
      EXPECT_EQ(decoded.ticks[0].time_ms, ticks[record.partition].back());
      EXPECT_TRUE(decoded.rejects.empty());
    }));
  EXPECT_TRUE(enough()) << log();
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20'000), 0) << log();
  for (const auto& [partition, all] : ticks) {
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end()) << "each time once";
    for (const int64_t tick_ms : all) EXPECT_EQ(tick_ms % 200, 0);
  }
}

TEST_F(TicksRealKafka, end_with_3_without_their_topic) {
  const std::string topic = installation + ".absent";
  Child child = start(config.brokers, topic);
  EXPECT_EQ(child.wait(60'000), 3) << log();
  EXPECT_NE(log().find("there is no topic " + topic), std::string::npos) << log();
}

TEST(Ticks, wait_for_brokers_and_end_on_sigterm_meanwhile) {
  const TestFolder folder;
  auto child = Child::start({{HEADROOM_BINARY, "ticks", "--set", "kafka.brokers=127.0.0.1:1"}, folder.file("log")});
  ASSERT_TRUE(child);
  while (read_text(folder.file("log")).find("the brokers do not answer yet") == std::string::npos && !child->wait(10)) {
  }
  child->signal(SIGTERM);
  EXPECT_EQ(child->wait(30'000), 0) << read_text(folder.file("log"));
}

}  // namespace
}  // namespace headroom::testing
