// What a detector takes for the value of a partition, and which partitions it looks at.

#include <gtest/gtest.h>

#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

constexpr int64_t kNever = MovingResults::kMost;

// The value of one partition, in thousandths; -1 where none is known.
int64_t value_of(LagMetric metric, const std::string& fields, CommitAllowance allowance = CommitAllowance::kAuto) {
  LagDetectorParams params = above_100_s();
  params.metric = metric;
  params.commit_allowance = allowance;
  if (metric == LagMetric::kVerdict) params.verdicts = {"stalled", "stopped"};
  const std::string text = "5000|partition " + fields;
  Decoded<LagStanding> decoded;
  decode_standings({.offset = 0, .timestamp_ms = 0, .key = {}, .value = text}, 0, decoded);
  const auto reading = LagSelect(params)(decoded.values.at(0).value);
  return reading && reading->value_milli ? *reading->value_milli : -1;
}

TEST(LagDetectorValues, take_the_learned_commit_interval_off_lag_and_age_and_never_go_below_zero) {
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, "lag_s=90 commits_s=60"), 30'000);
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, "lag_s=40 commits_s=60"), 0);
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, "lag_s=90"), 90'000);
  EXPECT_EQ(value_of(LagMetric::kOldestUnreadSeconds, "unread_s=90 commits_s=60"), 30'000);
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, "lag_s=90 commits_s=60", CommitAllowance::kOff), 90'000);
  EXPECT_EQ(value_of(LagMetric::kOpenTransactionSeconds, "open_s=90 commits_s=60"), 90'000);
}

TEST(LagDetectorValues, leave_no_alert_about_a_group_that_only_commits_seldom) {
  Watch watch(above_100_s());
  watch.tick("partition lag_s=3600 commits_s=3600");
  EXPECT_EQ(watch.states(), "");
  watch.tick("partition lag_s=3701 commits_s=3600");
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["value"], 101.0);
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["lag_seconds"], 3701.0) << "as measured";
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["commit_allowance_seconds"], 3600.0);
}

TEST(LagDetectorValues, do_not_take_what_is_unknown_for_zero) {
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, ""), -1);
  EXPECT_EQ(value_of(LagMetric::kLagRecords, ""), -1);
  EXPECT_EQ(value_of(LagMetric::kOldestUnreadSeconds, "records=5 verdict=stalled"), -1);
  EXPECT_EQ(value_of(LagMetric::kTimeToLossSeconds, ""), -1);
  EXPECT_EQ(value_of(LagMetric::kTimeToLossSeconds, "records=5 verdict=unknown"), -1);
  EXPECT_EQ(value_of(LagMetric::kTimeToCatchUpSeconds, "records=5"), -1);
  EXPECT_EQ(value_of(LagMetric::kTimeToCatchUpSeconds, "records=5 produced=1000"), -1);
  EXPECT_EQ(value_of(LagMetric::kOpenTransactionSeconds, "verdict=unknown"), -1);
  EXPECT_EQ(value_of(LagMetric::kLostRecords, ""), -1);
  EXPECT_EQ(value_of(LagMetric::kVerdict, "verdict=unknown"), -1);
}

TEST(LagDetectorValues, know_none_from_unknown_and_never_from_both) {
  EXPECT_EQ(value_of(LagMetric::kLagRecords, "records=5"), 5000);
  EXPECT_EQ(value_of(LagMetric::kOldestUnreadSeconds, "records=0"), 0);
  EXPECT_EQ(value_of(LagMetric::kOldestUnreadSeconds, "verdict=ok records=2"), 0) << "markers only";
  EXPECT_EQ(value_of(LagMetric::kTimeToLossSeconds, "records=5 loss_s=60"), 60'000);
  EXPECT_EQ(value_of(LagMetric::kTimeToLossSeconds, "records=5"), kNever);
  EXPECT_EQ(value_of(LagMetric::kTimeToCatchUpSeconds, "records=5 catch_up_s=60"), 60'000);
  EXPECT_EQ(value_of(LagMetric::kTimeToCatchUpSeconds, "records=5 produced=1000 consumed=900"), kNever);
  EXPECT_EQ(value_of(LagMetric::kTimeToCatchUpSeconds, "records=0"), 0);
  EXPECT_EQ(value_of(LagMetric::kOpenTransactionSeconds, ""), 0);
  EXPECT_EQ(value_of(LagMetric::kLostRecords, "lost=7"), 7000);
  EXPECT_EQ(value_of(LagMetric::kLostRecords, "committed=10 start=14"), 4000);
  EXPECT_EQ(value_of(LagMetric::kLostRecords, "committed=20 start=14"), 0);
}

TEST(LagDetectorValues, are_bounded_however_large_the_numbers_are) {
  EXPECT_EQ(value_of(LagMetric::kLagRecords, "records=9223372036854775807"), kNever);
  EXPECT_EQ(value_of(LagMetric::kLagSeconds, "lag_ms=9223372036854775807"), kNever);
}

TEST(LagDetectorValues, say_never_without_a_number) {
  LagDetectorParams params = above_100_s();
  params.metric = LagMetric::kTimeToCatchUpSeconds;
  Watch watch(params);
  watch.tick("partition records=5 produced=1000 consumed=900 verdict=falling_behind");
  auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_TRUE(alerts[0]["value"].is_null());
  EXPECT_NE(alerts[0]["message"].get<std::string>().find("time_to_catch_up_seconds is never"), std::string::npos) << alerts[0]["message"];
}

TEST(LagDetectorValues, end_an_incident_of_time_to_loss_once_nothing_will_be_lost) {
  LagDetectorParams params = above_100_s();
  params.metric = LagMetric::kTimeToLossSeconds;
  params.above = false;
  params.aggregation = LagAggregation::kMin;
  Watch watch(params);
  watch.tick("partition records=5 loss_s=60 verdict=near_retention|partition partition=1 records=0");
  EXPECT_EQ(watch.states(), "firing");
  watch.tick("partition records=5|partition partition=1 records=0");
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorValues, fire_for_the_verdicts_that_are_listed_and_clear_at_others) {
  LagDetectorParams params = above_100_s();
  params.metric = LagMetric::kVerdict;
  params.verdicts = {"stalled", "stopped"};
  params.threshold_micro = 0;
  Watch watch(params);
  watch.tick("partition verdict=falling_behind|partition partition=1 verdict=ok");
  EXPECT_EQ(watch.states(), "");
  watch.tick("partition verdict=ok|partition partition=1 verdict=stalled");
  auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["verdict"], "stalled");
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["partition"], 1);
  watch.tick("partition partition=1 verdict=stopped");
  watch.tick("partition partition=1 verdict=unknown");
  EXPECT_EQ(watch.states(), "");
  watch.tick("partition partition=1 verdict=catching_up");
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorValues, count_the_verdict_unknown_where_it_is_listed) {
  LagDetectorParams params = above_100_s();
  params.metric = LagMetric::kVerdict;
  params.verdicts = {"unknown"};
  params.threshold_micro = 0;
  Watch watch(params);
  watch.tick("partition verdict=unknown");
  EXPECT_EQ(watch.states(), "firing");
  watch.tick("partition verdict=ok");
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorValues, come_only_from_partitions_that_fit_every_filter) {
  LagDetectorParams params = above_100_s();
  params.when = {{"env", {"prod*", "live"}}, {"topic", {"orders"}}, {"partition", {"1?", "2"}}};
  Watch watch(params);
  const std::string lag = " lag_s=500";
  watch.tick("partition partition=2 topic=parcels" + lag + "|partition partition=1" + lag + "|partition partition=2 labels=env=test" + lag +
             "|partition partition=2 labels=view=prod" + lag);
  EXPECT_EQ(watch.states(), "");
  watch.tick("partition partition=12 group=a" + lag + "|partition partition=2 group=b labels=env=live" + lag);
  EXPECT_EQ(watch.states(), "firing firing");
}

TEST(LagDetectorValues, find_labels_by_their_whole_name) {
  LagDetectorParams params = above_100_s();
  params.by = {"env", "v", "view"};
  Watch watch(params);
  watch.tick("partition lag_s=500 labels=environment=x\x1fprenv=y\x1fview=a=b");
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["labels"], (nlohmann::json{{"env", "none"}, {"v", "none"}, {"view", "a=b"}}));
}

}  // namespace
}  // namespace headroom::testing
