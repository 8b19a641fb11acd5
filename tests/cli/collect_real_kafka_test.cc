// `headroom collect` to a real topic, from a real Prometheus.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/child.h"
#include "kit/kafka_cluster.h"
#include "prometheus_server.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kBegin = 1'760'000'010;
constexpr int64_t kSteps = 3000;
constexpr int64_t kLastMs = (kBegin + 15 * (kSteps - 1)) * 1000;
constexpr Partition kPartitions = 3;

struct Read {
  std::string key;
  Json value;
};
using ByPartition = std::map<Partition, std::vector<Read>>;

class CollectRealKafka : public kit::RealKafkaTest {
 protected:
  void SetUp() override {
    if (!PrometheusServer::available()) GTEST_SKIP() << "there is no prometheus or promtool here";
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    topic = make_topic("samples", kPartitions);
    std::string samples = "# TYPE load gauge\n";
    for (const char* app : {"a", "b", "c"})
      for (int64_t step = 0; step < kSteps; ++step)
        samples += "load{app=\"" + std::string(app) + "\"} " + std::to_string(step) + " " + std::to_string(kBegin + 15 * step) + "\n";
    ASSERT_TRUE(server.fill(samples));
    ASSERT_TRUE(server.start());
    tail = follow_topic(topic);
    ASSERT_NE(tail, nullptr);
  }

  Child start(const std::string& log, const std::vector<std::string>& more) const {
    std::vector<std::string> command = {HEADROOM_BINARY, "collect",
                                        "--url",         server.url(),
                                        "--set",         "kafka.brokers=" + config.brokers,
                                        "--topic",       topic,
                                        "--target",      "prod/shop/Deployment/{app}"};
    command.insert(command.end(), more.begin(), more.end());
    auto child = Child::start({command, folder.file(log)});
    EXPECT_TRUE(child) << child.status().to_string();
    return std::move(*child);
  }

  // Reads on until `done` is content with everything so far.
  void read_until(const std::function<bool()>& done) {
    const int64_t deadline = steady_ms() + 60'000;
    while (!done() && steady_ms() < deadline) poll(100);
    EXPECT_TRUE(done());
  }
  void poll(int timeout_ms) {
    EXPECT_TRUE(tail->poll(timeout_ms, [this](const TopicRecord& record) {
      records[record.partition].push_back({std::string(record.key), Json::parse(record.value, nullptr, false)});
    }));
  }
  size_t count() const {
    size_t sum = 0;
    for (const auto& [partition, of] : records) sum += of.size();
    return sum;
  }
  std::vector<int64_t> ticks(Partition partition) const {
    std::vector<int64_t> out;
    const auto found = records.find(partition);
    if (found == records.end()) return out;
    for (const auto& record : found->second)
      if (record.value.contains("tick_ms")) out.push_back(record.value["tick_ms"].get<int64_t>());
    return out;
  }
  std::map<std::string, std::set<int64_t>> times() const {
    std::map<std::string, std::set<int64_t>> out;
    for (const auto& [partition, of] : records)
      for (const auto& record : of)
        if (record.value.contains("target")) out[record.value["target"].get<std::string>()].insert(record.value["time_ms"].get<int64_t>());
    return out;
  }

  const std::vector<std::string> range = {"--from", std::to_string(kBegin * 1000), "--to", std::to_string(kLastMs)};
  TestFolder folder;
  PrometheusServer server;
  std::string topic;
  std::unique_ptr<TopicTail> tail;
  ByPartition records;
};

TEST_F(CollectRealKafka, writes_samples_by_target_in_the_order_of_their_times) {
  auto more = range;
  more.insert(more.end(), {"--query", "load=load", "--instance", "{app}-0", "--batch", "1000"});
  ASSERT_EQ(start("log", more).wait(60'000), 0) << read_text(folder.file("log"));
  read_until([&] { return count() == 3 * kSteps; });
  std::map<std::string, Partition> homes;
  for (const auto& [partition, of] : records) {
    int64_t time_ms = 0;
    for (const auto& [key, value] : of) {
      EXPECT_EQ(value.at("target"), key);
      EXPECT_EQ(homes.emplace(key, partition).first->second, partition);
      EXPECT_GE(value.at("time_ms").get<int64_t>(), time_ms);
      time_ms = value.at("time_ms").get<int64_t>();
      EXPECT_EQ(value.at("value"), (time_ms / 1000 - kBegin) / 15);
    }
  }
  EXPECT_EQ(homes.size(), 3u);
  const Json first = records[homes["prod/shop/Deployment/a"]].front().value;
  EXPECT_EQ(first.at("metric"), "load");
  EXPECT_EQ(first.at("labels"), Json({{"instance", first.at("target").get<std::string>().substr(21) + "-0"}}));
}

TEST_F(CollectRealKafka, loses_nothing_by_kills) {
  auto more = range;
  more.insert(more.end(), {"--query", "load=load", "--batch", "20", "--progress", folder.file("progress")});
  int kills = 0;
  for (bool ended = false; !ended;) {
    Child child = start("log", more);
    const size_t before = count();
    while (!ended && count() < before + 1000) {
      poll(5);
      ended = child.wait(0).has_value();
    }
    if (ended) {
      EXPECT_EQ(child.wait(0), 0) << read_text(folder.file("log"));
      break;
    }
    child.signal(SIGKILL);
    child.wait(10'000);
    ++kills;
  }
  EXPECT_GE(kills, 2);
  read_until([&] {
    const auto all = times();
    return all.size() == 3 && std::all_of(all.begin(), all.end(), [](const auto& one) { return one.second.size() == kSteps; });
  });
  // Only what was under way at a kill is there twice.
  EXPECT_LE(count(), 3 * kSteps + static_cast<size_t>(kills) * 3 * 20);
}

TEST_F(CollectRealKafka, follows_with_samples_and_ticks_behind_them_through_an_outage) {
  Child child = start("log", {"--follow", "--step", "1s", "--delay", "0s", "--source", "me", "--query",
                              "load=label_replace(vector(time()), \"app\", \"a\", \"\", \"\")"});
  const auto ticked = [&](size_t least) {
    return [this, least] {
      for (Partition partition = 0; partition < kPartitions; ++partition)
        if (ticks(partition).size() < least) return false;
      return true;
    };
  };
  read_until(ticked(2));
  server.kill();
  const size_t before = ticks(0).size();
  read_until(ticked(before + 3));
  ASSERT_TRUE(server.restart());
  const size_t after = ticks(0).size();
  const int64_t outage_end_ms = ticks(0).back();
  read_until(ticked(after + 2));
  read_until([&] { return !times().empty() && *times().begin()->second.rbegin() > outage_end_ms; });
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20'000), 0);
  poll(500);

  for (Partition partition = 0; partition < kPartitions; ++partition) {
    const auto all = ticks(partition);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
    for (const int64_t tick_ms : all) EXPECT_EQ(tick_ms % 1000, 0);
    for (const auto& record : records[partition]) {
      if (!record.value.contains("tick_ms")) continue;
      EXPECT_EQ(record.key, "");
      EXPECT_EQ(record.value.at("source"), "me");
      EXPECT_EQ(record.value.at("interval_ms"), 1000);
    }
  }
  // Every step once, those of the outage too.
  const auto all = times();
  ASSERT_EQ(all.size(), 1u);
  const auto& steps = all.at("prod/shop/Deployment/a");
  EXPECT_EQ(static_cast<int64_t>(steps.size()), (*steps.rbegin() - *steps.begin()) / 1000 + 1);
  const std::string log = read_text(folder.file("log"));
  EXPECT_NE(log.find("a step was not collected"), std::string::npos) << log;
  EXPECT_NE(log.find("collecting again"), std::string::npos) << log;
}

TEST_F(CollectRealKafka, has_each_samples_before_its_tick) {
  Child child = start(
      "log", {"--follow", "--step", "1s", "--delay", "0s", "--query", "load=label_replace(vector(time()), \"app\", \"a\", \"\", \"\")"});
  read_until([&] { return ticks(0).size() >= 3 && ticks(1).size() >= 3 && ticks(2).size() >= 3; });
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20'000), 0);
  for (const auto& [partition, of] : records) {
    int64_t tick_ms = 0;
    for (const auto& record : of) {
      if (record.value.contains("tick_ms"))
        tick_ms = record.value["tick_ms"].get<int64_t>();
      else
        EXPECT_GT(record.value["time_ms"].get<int64_t>(), tick_ms);
    }
  }
}

TEST_F(CollectRealKafka, ends_with_3_without_its_topic_and_makes_it_when_told_to) {
  topic += ".absent";
  auto more = range;
  more.insert(more.end(), {"--query", "load=load"});
  EXPECT_EQ(start("log", more).wait(60'000), 3);
  EXPECT_NE(read_text(folder.file("log")).find("there is no topic " + topic + "; --create-topics makes it"), std::string::npos);
  more.emplace_back("--create-topics");
  EXPECT_EQ(start("log2", more).wait(60'000), 0) << read_text(folder.file("log2"));
}

}  // namespace
}  // namespace headroom::testing
