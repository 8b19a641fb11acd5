// The scaler in a closed loop with a group that heeds it. What was seen is printed.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "operators/simulated_group.h"

namespace headroom::testing {
namespace {

constexpr int64_t kMinuteS = 60;
constexpr int64_t kHourS = 60 * kMinuteS;
constexpr int64_t kDayS = 24 * kHourS;

TEST(LagScalingLoop, goes_from_one_consumer_to_what_a_load_of_four_and_a_backlog_need) {
  SimulatedGroup group({.backlog = 600'000, .produced = [](int64_t) { return 4000.0; }}, scaled_group());
  int64_t enough_at_s = -1;
  int64_t drained_at_s = -1;
  int64_t most_lag = 0;
  while (group.now_s() < 2 * kHourS) {
    group.run(1);
    most_lag = std::max(most_lag, group.lag_records());
    if (enough_at_s < 0 && group.consumers() > 4) enough_at_s = group.now_s();
    if (enough_at_s >= 0 && drained_at_s < 0 && group.lag_records() < 40'000) drained_at_s = group.now_s();
  }
  std::printf(
      "load of 4, one consumer, 600,000 behind: enough consumers after %lld s, drained after %lld s; most %lld consumers, %lld records "
      "behind; %zu commands, %lld turns, %lld consumers after 2 h\n",
      static_cast<long long>(enough_at_s), static_cast<long long>(drained_at_s), static_cast<long long>(group.most_consumers()),
      static_cast<long long>(most_lag), group.commands().size(), static_cast<long long>(group.turns()),
      static_cast<long long>(group.consumers()));
  ASSERT_GE(enough_at_s, 0);
  EXPECT_LE(enough_at_s, 11 * kMinuteS) << "catch_up + start_up";
  ASSERT_GE(drained_at_s, 0);
  EXPECT_LE(drained_at_s - enough_at_s, 11 * kMinuteS) << "catch_up + start_up";
  EXPECT_EQ(group.consumers(), 5) << "four would just do, without room";
  EXPECT_LE(group.turns(), 1);
}

// Between 1,500 and 9,500 records a second in the course of a day, with a ripple of five percent.
double diurnal(int64_t at_s) {
  const double day = 2 * M_PI * static_cast<double>(at_s) / static_cast<double>(kDayS);
  const double ripple =
      0.05 * std::sin(2 * M_PI * static_cast<double>(at_s) / 97.0) * std::sin(2 * M_PI * static_cast<double>(at_s) / 1237.0);
  return (5500 - 4000 * std::cos(day)) * (1 + ripple);
}

TEST(LagScalingLoop, follows_a_day_without_swinging) {
  SimulatedGroup group({.backlog = 0, .produced = diurnal}, scaled_group());
  group.run(kHourS);
  int64_t most_lag_ms = 0;
  double needed_s = 0;
  while (group.now_s() < 3 * kDayS) {
    group.run(1);
    most_lag_ms =
        std::max<int64_t>(most_lag_ms, static_cast<int64_t>(1000.0 * static_cast<double>(group.lag_records()) / diurnal(group.now_s())));
    needed_s += diurnal(group.now_s()) / 1000.0;
  }
  const double surplus = static_cast<double>(group.consumer_seconds()) / needed_s - 1;
  std::printf(
      "three days between 1.5 and 9.5 consumers' load: %zu commands, %lld turns, most %lld consumers, at most %.1f s behind, %.0f %% "
      "more consumer hours than the load divided by the rate of one\n",
      group.commands().size(), static_cast<long long>(group.turns()), static_cast<long long>(group.most_consumers()),
      static_cast<double>(most_lag_ms) / 1000, surplus * 100);
  EXPECT_LE(group.turns(), 6) << "up and down once a day";
  EXPECT_LE(group.most_consumers(), 12);
  EXPECT_LE(most_lag_ms, 10 * 60 * 1000) << "catch_up";
  EXPECT_LE(surplus, 0.5);
}

TEST(LagScalingLoop, stays_put_under_a_load_that_just_fits) {
  for (const double load : {3500.0, 3700.0, 3950.0, 4000.0, 4050.0}) {
    SimulatedGroup group({.backlog = 100'000, .produced = [load](int64_t) { return load; }}, scaled_group());
    group.run(kDayS);
    std::printf("a day of %.0f records/s: %zu commands, %lld turns, %lld consumers, %lld records behind\n", load, group.commands().size(),
                static_cast<long long>(group.turns()), static_cast<long long>(group.consumers()),
                static_cast<long long>(group.lag_records()));
    EXPECT_LE(group.turns(), 2) << load;
    EXPECT_LE(group.lag_records(), 100'000) << load;
  }
}

TEST(LagScalingLoop, gives_up_for_an_hour_at_a_time_when_something_else_is_the_bottleneck) {
  SimulatedGroup group({.rate_of_all = 1000, .backlog = 100'000, .produced = [](int64_t) { return 4000.0; }}, scaled_group());
  group.run(10 * kHourS);
  std::printf("ten hours behind a database that takes 1,000 records/s: %zu commands, most %lld consumers, last %s\n",
              group.commands().size(), static_cast<long long>(group.most_consumers()),
              std::string(scale_outcome_name(group.last().outcome)).c_str());
  int64_t first_hour = 0;
  for (const ScaleAction& command : group.commands()) {
    EXPECT_EQ(command.code, "too_few_consumers");
    first_hour += command.time_ms < kStartMs + kHourMs ? 1 : 0;
  }
  EXPECT_LE(static_cast<int64_t>(group.commands().size()) - first_hour, 9) << "one an hour";
  EXPECT_LE(group.most_consumers(), 30) << "of 60 partitions, although hours of lag ask for all";
  EXPECT_TRUE(group.last().outcome == ScaleOutcome::kNoGain || group.last().outcome == ScaleOutcome::kPartitions)
      << scale_outcome_name(group.last().outcome);
}

TEST(LagScalingLoop, stops_where_there_are_no_more_partitions) {
  SimulatedGroup group({.partitions = 3, .backlog = 100'000, .produced = [](int64_t) { return 5000.0; }}, scaled_group());
  group.run(6 * kHourS);
  std::printf("five consumers' load on three partitions: %zu commands, %lld consumers, last %s\n", group.commands().size(),
              static_cast<long long>(group.consumers()), std::string(scale_outcome_name(group.last().outcome)).c_str());
  EXPECT_EQ(group.consumers(), 3);
  EXPECT_EQ(group.most_consumers(), 3);
  EXPECT_EQ(group.last().outcome, ScaleOutcome::kPartitions);
}

TEST(LagScalingLoop, says_the_same_again_and_again_to_a_group_that_does_not_heed) {
  SimulatedGroup group({.backlog = 600'000, .heeds = false, .produced = [](int64_t) { return 1001.0; }}, scaled_group());
  group.run(6 * kHourS);
  std::printf("six hours unheeded: %zu commands\n", group.commands().size());
  EXPECT_GE(group.commands().size(), 20u);
  EXPECT_LE(group.commands().size(), 30u);
  EXPECT_EQ(group.turns(), 0);
}

}  // namespace
}  // namespace headroom::testing
