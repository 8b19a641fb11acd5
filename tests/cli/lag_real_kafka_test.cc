#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kafka/sample_producer.h"
#include "kit/kafka_cluster.h"
#include "run_binary.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kInterval = 5000;

// Five minutes of a source's cycles up to now: `pay` is at the end all the time, `dead` has members and has committed nothing for them.
class LagCommandRealKafka : public kit::RealKafkaTest {
 protected:
  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    topic = make_topic("lag", 2);
    now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    file = config_of(topic);
  }

  std::string config_of(const std::string& lag_topic) {
    return folder.write(
        lag_topic + ".json",
        Json({{"installation", installation},
              {"kafka", {{"brokers", config.brokers}}},
              {"topologies", {{"lag_watch", {{"topic", lag_topic}, {"scaling", {{"groups", Json::array({Json{{"group", "dead"}}})}}}}}}}})
            .dump());
  }

  static Json sample(const std::string& group, int64_t time_ms, int64_t committed, int64_t end) {
    return {{"cluster", "prod"},
            {"group", group},
            {"topic", "orders"},
            {"partition", 0},
            {"source", "s"},
            {"seq", time_ms / kInterval},
            {"observed_ms", time_ms},
            {"committed_offset", committed},
            {"log_start_offset", 0},
            {"end_offset", end},
            {"last_stable_offset", end},
            {"consumed_time_ms", time_ms - (end - committed) * 100},
            {"end_time_ms", time_ms},
            {"unread_time_ms", committed == end ? Json(nullptr) : Json(time_ms - (end - committed) * 100 + 100)},
            {"quality", "exact"},
            {"topic_id", nullptr},
            {"group_state", "Stable"},
            {"members", 1},
            {"assigned", true},
            {"labels", {{"env", "production"}, {"view", "site_impact"}}}};
  }

  // 10 records a second are produced.
  void write_cycles(int64_t from_ms, bool with_ticks = true) {
    auto producer = SampleProducer::open(config, topic);
    ASSERT_TRUE(producer);
    for (int64_t time_ms = from_ms; time_ms <= now_ms; time_ms += kInterval) {
      const int64_t end = 100'000 + (time_ms - from_ms) / 100;
      for (const auto& one : {sample("pay", time_ms, end, end), sample("dead", time_ms, 100'000, end)}) {
        Json value = one;
        if (!value.at("unread_time_ms").is_number()) value.erase("unread_time_ms");
        ASSERT_TRUE((*producer)->produce("production/site_impact", value.dump(), time_ms, 1));
      }
      const std::string tick =
          Json({{"tick_ms", time_ms}, {"source", "s"}, {"interval_ms", kInterval}, {"seq", time_ms / kInterval}}).dump();
      for (int partition = 0; with_ticks && partition < 2; ++partition) ASSERT_TRUE((*producer)->produce("", tick, time_ms, partition));
    }
    ASSERT_TRUE((*producer)->flush(20'000));
  }

  Ran lag(std::vector<std::string> words) {
    words.insert(words.begin(), {"lag", "--config", file});
    return run_headroom(words);
  }

  TestFolder folder;
  std::string topic;
  std::string file;
  int64_t now_ms = 0;
};

TEST_F(LagCommandRealKafka, prints_the_worst_group_first_and_says_why) {
  write_cycles(now_ms - 300'000);
  const Ran table = lag({});
  ASSERT_EQ(table.code, 0) << table.err;
  std::istringstream lines(table.out);
  std::string title, blank, head, first, second;
  for (std::string* line : {&title, &blank, &head, &first, &second}) std::getline(lines, *line);
  EXPECT_NE(title.find("2 groups, 2 partitions: 1 stalled, 1 ok"), std::string::npos) << table.out;
  EXPECT_TRUE(head.starts_with("GROUP")) << head;
  EXPECT_TRUE(first.starts_with("dead   orders  3000")) << first;
  EXPECT_NE(first.find("stalled"), std::string::npos);
  EXPECT_TRUE(second.starts_with("pay    orders     0")) << second;

  const Ran json = lag({"--json", "--group", "de*"});
  const Json row = Json::parse(json.out);
  EXPECT_EQ(row["group"], "dead");
  EXPECT_EQ(row["lag_seconds"], 300.0);
  EXPECT_EQ(row["verdict"], "stalled");

  const Ran why = lag({"--explain", "dead"});
  EXPECT_TRUE(why.out.starts_with("dead on prod: stalled since ")) << why.out << why.err;
  EXPECT_NE(why.out.find("its committed offset 100000 has not moved for 2m15s"), std::string::npos) << why.out;
  EXPECT_NE(why.out.find("env=production view=site_impact"), std::string::npos) << why.out;
  EXPECT_NE(why.out.find("  scaling  has 1 consumer; 1 can have a partition, 1 to 1 are allowed\n      holds, not_measured: "),
            std::string::npos)
      << why.out;
  EXPECT_EQ(lag({"--explain", "pay"}).out.find("scaling"), std::string::npos) << "it is not scaled";
  const Ran of_group = lag({"--explain", "dead", "--json"});
  EXPECT_EQ(Json::parse(of_group.out.substr(0, of_group.out.find('\n')))["scaling"]["outcome"], "not_measured") << of_group.out;
}

TEST_F(LagCommandRealKafka, says_what_is_missing_and_ends_with_1_or_3) {
  const Ran empty = lag({});
  EXPECT_EQ(empty.code, 1);
  EXPECT_NE(empty.err.find("no record in " + topic + " since "), std::string::npos) << empty.err;
  write_cycles(now_ms - 60'000, false);
  const Ran tickless = lag({});
  EXPECT_EQ(tickless.code, 1);
  EXPECT_NE(tickless.err.find("no tick in " + topic + " since "), std::string::npos) << tickless.err;
  write_cycles(now_ms - 60'000);
  const Ran unknown = lag({"--explain", "deed"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("no group \"deed\" at the last tick; did you mean \"dead\"?"), std::string::npos) << unknown.err;
  const Ran none = lag({"--group", "x*"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.out, "");
  file = config_of(installation + ".nowhere");
  const Ran missing = lag({"--timeout", "10"});
  EXPECT_EQ(missing.code, 3);
  EXPECT_NE(missing.err.find("`headroom lag-source` makes it"), std::string::npos) << missing.err;
}

TEST_F(LagCommandRealKafka, reads_no_further_back_than_asked) {
  now_ms -= 1'200'000;  // a source that fell silent twenty minutes ago
  write_cycles(now_ms - 60'000);
  const Ran late = lag({});
  EXPECT_EQ(late.code, 1);
  EXPECT_NE(late.err.find("no record in "), std::string::npos) << late.err;
  const Ran found = lag({"--since", "1h"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_NE(found.err.find("the source has been silent for 20m"), std::string::npos) << found.err;
}

}  // namespace
}  // namespace headroom::testing
