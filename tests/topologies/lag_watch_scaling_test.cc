// From lag samples to scale commands, through the whole of lag_watch.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "headroom/codec.h"
#include "headroom/testing/every_cut.h"
#include "topologies/lag_run.h"

namespace headroom::testing {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kPartitions = 8;

// One member that reads 1,000 of 4,000 records a second, 5 s a cycle, and commits at each.
std::vector<Input> swamped_group(int64_t cycles) {
  std::vector<Input> log;
  const auto put = [&](const nlohmann::json& json) { log.push_back({.key = {}, .value = json.dump(), .timestamp_ms = -1}); };
  for (int64_t cycle = 1; cycle <= cycles; ++cycle) {
    const int64_t now_ms = kStartMs + cycle * 5'000;
    const int64_t end = 4'000 * 5 * cycle / kPartitions;
    const int64_t committed = end / 4;
    for (int64_t partition = 0; partition < kPartitions; ++partition) {
      put({{"cluster", "prod"},
           {"group", "payments"},
           {"topic", "orders"},
           {"partition", partition},
           {"source", "lag-0"},
           {"seq", cycle},
           {"observed_ms", now_ms - 100},
           {"committed_offset", committed},
           {"log_start_offset", 0},
           {"end_offset", end},
           {"last_stable_offset", end},
           {"consumed_time_ms", kStartMs + cycle * 5'000 / 4},
           {"end_time_ms", now_ms - 200},
           {"unread_time_ms", kStartMs + cycle * 5'000 / 4 + 1},
           {"quality", "exact"},
           {"topic_id", nullptr},
           {"group_state", "Stable"},
           {"members", 1},
           {"assigned", true},
           {"labels", {{"env", "production"}}}});
    }
    put({{"tick_ms", now_ms}, {"source", "lag-0"}, {"interval_ms", 5'000}, {"seq", cycle}});
  }
  return log;
}

LagWatchParams params_of(const std::string& settings) {
  Status status;
  const LagWatchParams params = lag_params(settings, status);
  EXPECT_TRUE(status) << status.to_string();
  return params;
}

const std::string kScaled = R"({"scaling":{"groups":[{"group":"pay*"}]}})";

TEST(LagWatchScaling, commands_as_many_consumers_as_a_swamped_group_needs) {
  std::map<std::string, int> outcomes;
  LagObservers observers;
  observers.scaling = [&](const LaneIdentity&, const ScaleAssessment& seen) { ++outcomes[std::string(scale_outcome_name(seen.outcome))]; };
  TopologyDriver driver(lag_watch(params_of(kScaled), {}, observers));
  for (const Input& input : swamped_group(110)) driver.pipe(input.key, input.value);
  ASSERT_TRUE(driver.rejected().empty()) << driver.rejected()[0].value;
  std::vector<OutRecord> actions;
  for (const OutRecord& record : driver.sent())
    if (record.topic == "headroom.actions") actions.push_back(record);
  ASSERT_GE(actions.size(), 1u) << outcomes["not_measured"] << " not measured, " << outcomes["missing_data"] << " missing";
  const auto summary = parse_action(actions[0].value);
  ASSERT_TRUE(summary) << summary.status().to_string();
  EXPECT_EQ(summary->partitionkey, "prod/kafka/ConsumerGroup/payments");
  EXPECT_EQ(summary->current, 1);
  // 4,000/s and three times what six minutes brought, in ten: about 5.9 or 6.1; eight partitions are dealt out to 8.
  EXPECT_EQ(summary->desired, 8);
  EXPECT_GT(outcomes["not_measured"], 50);
}

TEST(LagWatchScaling, gives_the_same_under_every_cut) {
  EXPECT_EQ(same_under_every_cut(lag_watch(params_of(kScaled)), swamped_group(95)), "");
}

TEST(LagWatchScaling, leaves_all_groups_alone_by_default) {
  TopologyDriver driver(lag_watch(params_of("{}")));
  for (const Input& input : swamped_group(110)) driver.pipe(input.key, input.value);
  for (const OutRecord& record : driver.sent()) EXPECT_NE(record.topic, "headroom.actions");
}

}  // namespace
}  // namespace headroom::testing
