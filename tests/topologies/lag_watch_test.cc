// lag_watch as a whole: its settings, and several groups, sources and kinds of records at once, cut everywhere.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "headroom/testing/every_cut.h"
#include "topologies/lag_run.h"

namespace headroom::testing {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;

std::string mistake_of(const std::string& settings) {
  Status status;
  lag_params(settings, status);
  return status ? "" : status.to_string();
}

TEST(LagWatchSettings, have_defaults_that_are_right) {
  EXPECT_EQ(mistake_of("{}"), "");
  Status status;
  const LagWatchParams params = lag_params(R"({"allowed": [{"group": "a", "lag_records": 5}], "first_commit_interval": "10m"})", status);
  ASSERT_TRUE(status) << status.to_string();
  EXPECT_EQ(params.topic, "headroom.lag");
  EXPECT_EQ(params.key, "{env}/{view}");
  ASSERT_EQ(params.judging.allowed.size(), 1u);
  EXPECT_EQ(params.judging.allowed[0].lag_records, 5);
  EXPECT_EQ(params.judging.first_commit_interval_ms, 600'000);
}

TEST(LagWatchSettings, are_refused_when_they_cannot_be) {
  for (const char* settings :
       {R"({"allowed": [{"lag_records": 5}]})", R"({"allowed": [{"group": "a", "lag_records": -1}]})", R"({"key": "{env"})",
        R"({"key": "{}"})", R"({"key": "env}"})", R"({"topic": "a b"})", R"({"first_commit_interval": "0s"})", R"({"allow": []})"})
    EXPECT_NE(mistake_of(settings), "") << settings;
  EXPECT_EQ(mistake_of(R"({"key": "lag"})"), "") << "a key without labels: all groups in one lane";
  EXPECT_EQ(mistake_of(R"({"key": "{a}{b}-{c}"})"), "") << "shipped detectors go by whatever the key has";
  EXPECT_NE(mistake_of(R"({"key": "{a}", "detectors": [{"name": "wide", "by": ["env"], "threshold": 5}]})"), "");
  EXPECT_NE(mistake_of(R"({"detectors": [{"name": "twice", "threshold": 5}, {"name": "twice", "threshold": 6}]})"), "");
}

// Two sources over a few groups; contexts, forgotten groups and bad records between them.
std::vector<Input> mixed_log() {
  std::mt19937_64 random(11);
  std::vector<Input> log;
  const auto put = [&](const nlohmann::json& json) { log.push_back({.key = {}, .value = json.dump(), .timestamp_ms = -1}); };
  for (int64_t cycle = 1; cycle < 120; ++cycle) {
    const int64_t now_ms = kStartMs + cycle * 5'000;
    for (const std::string source : {"a", "b"}) {
      if (source == "a" && cycle > 60 && cycle < 80) continue;
      for (int partition = 0; partition < 6; ++partition) {
        if (random() % 10 == 0) continue;
        const int64_t end = cycle * 500;
        const int64_t committed = partition == 2 && cycle > 40 ? 20'000 : end - static_cast<int64_t>(random() % 700);
        put({{"cluster", "prod"},
             {"group", "g" + std::to_string(partition % 3)},
             {"topic", partition < 4 ? "orders" : "refunds"},
             {"partition", partition},
             {"observed_ms", now_ms - 100},
             {"source", source},
             {"committed_offset", std::max<int64_t>(0, committed)},
             {"log_start_offset", 0},
             {"end_offset", end},
             {"last_stable_offset", end},
             {"consumed_time_ms", now_ms - 60'000},
             {"end_time_ms", now_ms - 500},
             {"unread_time_ms", now_ms - 59'000},
             {"quality", "exact"},
             {"members", 2},
             {"labels", {{"env", "production"}, {"view", source}}}});
      }
      put({{"tick_ms", now_ms + (source == "b" ? 700 : 0)}, {"source", source}, {"interval_ms", 5'000}});
    }
    if (cycle % 13 == 0) put({{"kind", "context"}, {"time_ms", now_ms}, {"cluster", "prod"}, {"group", "g1"}, {"target", "a/b/c/d"}});
    if (cycle % 50 == 0) put({{"kind", "forgotten"}, {"time_ms", now_ms}, {"cluster", "prod"}, {"group", "g2"}, {"reason", "unseen"}});
    if (cycle % 17 == 0) put({{"tick_ms", -1}});
  }
  return log;
}

TEST(LagWatch, gives_the_same_under_every_cut_with_many_groups_and_two_sources) {
  EXPECT_EQ(same_under_every_cut(standings_topology({}), mixed_log()), "");
}

TEST(LagWatch, judges_each_group_once_a_tick_of_the_source_that_it_follows) {
  std::vector<std::pair<int64_t, std::string>> groups;
  std::vector<int64_t> contexts;
  std::vector<std::string> forgotten;
  LagObservers observe;
  observe.group = [&](const LaneIdentity&, const LagGroupStanding& in) {
    if (in.forgotten) return forgotten.emplace_back(in.group), void();
    groups.emplace_back(in.time_ms, std::string(in.group));
    if (!in.context.group.empty()) contexts.push_back(in.time_ms);
    EXPECT_TRUE(in.context.group.empty() || in.group == "g1");
  };
  TopologyDriver driver(lag_watch({}, {}, observe));
  for (const Input& input : mixed_log()) driver.pipe(input.key, input.value);
  EXPECT_EQ(driver.rejected().size(), 7u);
  EXPECT_EQ(driver.key_count("groups"), 3u);
  EXPECT_FALSE(contexts.empty());
  EXPECT_EQ(forgotten, (std::vector<std::string>{"g2", "g2"}));
  // All ticks of a until it is silent, and of b from its fifth after that on, which it keeps.
  std::vector<int64_t> ticks;
  for (const auto& [time_ms, group] : groups)
    if (ticks.empty() || ticks.back() != time_ms) ticks.push_back(time_ms);
  std::vector<int64_t> wanted;
  for (int64_t cycle = 1; cycle < 120; ++cycle) {
    if (cycle <= 60) wanted.push_back(kStartMs + cycle * 5'000);
    if (cycle >= 64) wanted.push_back(kStartMs + cycle * 5'000 + 700);
  }
  EXPECT_EQ(ticks, wanted);
  EXPECT_TRUE(std::is_sorted(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
}

TEST(LagWatch, says_what_it_is_made_of) {
  EXPECT_EQ(lag_watch({}).source_topic(), "headroom.lag");
  const std::string text = lag_watch({}).describe();
  for (const char* name : {"source", "partitions", "groups"}) EXPECT_NE(text.find(name), std::string::npos) << text;
}

}  // namespace
}  // namespace headroom::testing
