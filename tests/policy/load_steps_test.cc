#include "policy/load_steps.h"

#include <gtest/gtest.h>

#include <vector>

namespace headroom {
namespace {

constexpr LoadStepRule kRule{};
constexpr int64_t kMinute = 60'000;
constexpr int64_t kFirst = 28'333'440;  // minutes

struct Load {
  LoadSteps steps;
  std::vector<LoadStep> closed;

  LoadSampleFate at(int64_t second, double value, uint64_t instance = 1, bool counter = false) {
    const int64_t time_ms = kFirst * kMinute + second * 1000;
    until(time_ms / kMinute);
    return steps.add(kRule, {instance, time_ms, value, counter});
  }
  void until(int64_t index) {
    while (const auto step = steps.close_before(kRule, index)) closed.push_back(*step);
  }
};

TEST(LoadSteps, is_the_mean_of_a_gauge_over_whole_minutes) {
  Load load;
  for (int64_t s = 0; s < 60; s += 15) load.at(s, static_cast<double>(s));
  EXPECT_TRUE(load.closed.empty());
  load.at(60, 9);
  ASSERT_EQ(load.closed.size(), 1u);
  EXPECT_EQ(load.closed[0].index, kFirst);
  EXPECT_DOUBLE_EQ(load.closed[0].value, 22.5);
  EXPECT_FALSE(load.closed[0].carried);
  EXPECT_DOUBLE_EQ(load.steps.now(kRule), 9);
}

TEST(LoadSteps, sums_up_the_means_of_instances) {
  Load load;
  load.at(0, 10, 1), load.at(1, 1, 2), load.at(30, 20, 1), load.at(31, 3, 2);
  load.until(kFirst + 1);
  ASSERT_EQ(load.closed.size(), 1u);
  EXPECT_DOUBLE_EQ(load.closed[0].value, 15 + 2);
  EXPECT_DOUBLE_EQ(load.steps.now(kRule), 23);
}

TEST(LoadSteps, makes_rates_of_counters_that_begin_anew_at_zero) {
  Load load;
  load.at(0, 1000, 1, true), load.at(15, 1150, 1, true), load.at(30, 30, 1, true), load.at(45, 60, 1, true);
  load.until(kFirst + 1);
  ASSERT_EQ(load.closed.size(), 1u);
  EXPECT_DOUBLE_EQ(load.closed[0].value, (150.0 + 30 + 30) / 45);
  EXPECT_DOUBLE_EQ(load.steps.now(kRule), 2);
}

TEST(LoadSteps, repeats_the_last_value_three_times_and_then_leaves_a_gap) {
  Load load;
  load.at(0, 7);
  load.until(kFirst + 1000);
  ASSERT_EQ(load.closed.size(), 4u);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(load.closed[i].index, kFirst + static_cast<int64_t>(i));
    EXPECT_TRUE(load.closed[i].carried);
    EXPECT_DOUBLE_EQ(load.closed[i].value, 7);
  }
  EXPECT_FALSE(load.steps.known(kRule));
  load.at(1000 * 60 + 5, 8);
  EXPECT_TRUE(load.steps.known(kRule));
  EXPECT_DOUBLE_EQ(load.steps.now(kRule), 8);
  load.until(kFirst + 1001);
  ASSERT_EQ(load.closed.size(), 5u);
  EXPECT_EQ(load.closed[4].index, kFirst + 1000);
  EXPECT_DOUBLE_EQ(load.closed[4].value, 8);
}

TEST(LoadSteps, says_what_comes_too_late) {
  Load load;
  EXPECT_EQ(load.at(70, 1), LoadSampleFate::kTaken);
  EXPECT_EQ(load.at(70, 1), LoadSampleFate::kLate) << "the same again";
  EXPECT_EQ(load.at(65, 1), LoadSampleFate::kLate) << "older than its instance's last";
  EXPECT_EQ(load.at(65, 1, 2), LoadSampleFate::kTaken);
  EXPECT_EQ(load.at(59, 1, 3), LoadSampleFate::kLate) << "its minute is over";
}

TEST(LoadSteps, forgets_instances_that_went_and_takes_no_more_than_it_may) {
  Load load;
  LoadStepRule rule;
  rule.most_instances = 2;
  EXPECT_EQ(load.steps.add(rule, {1, kFirst * kMinute, 1, false}), LoadSampleFate::kTaken);
  EXPECT_EQ(load.steps.add(rule, {2, kFirst * kMinute, 1, false}), LoadSampleFate::kTaken);
  EXPECT_EQ(load.steps.add(rule, {3, kFirst * kMinute, 1, false}), LoadSampleFate::kTooManyInstances);
  for (int64_t minute = 1; minute < 6; ++minute) load.at(minute * 60, 5, 1);
  EXPECT_EQ(load.steps.sources.size(), 1u);
  ASSERT_EQ(load.closed.size(), 5u);
  EXPECT_DOUBLE_EQ(load.closed[0].value, 2);
  EXPECT_DOUBLE_EQ(load.closed[1].value, 5) << "the other one was not heard";
}

TEST(LoadSteps, has_nothing_to_repeat_before_the_first_value) {
  Load load;
  load.at(0, 100, 1, true);
  load.until(kFirst + 5);
  EXPECT_TRUE(load.closed.empty()) << "one reading of a counter is no rate";
  load.at(300, 130, 1, true), load.at(330, 190, 1, true);
  load.until(kFirst + 6);
  ASSERT_EQ(load.closed.size(), 1u);
  EXPECT_DOUBLE_EQ(load.closed[0].value, 2);
}

}  // namespace
}  // namespace headroom
