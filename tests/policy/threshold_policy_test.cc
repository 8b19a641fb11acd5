#include "policy/threshold_policy.h"

#include <gtest/gtest.h>

#include "headroom/state.h"

namespace headroom {
namespace {

ForecastView expecting(double at_15_minutes) {
  ForecastView view;
  view.available = true;
  view.at[2].point = at_15_minutes;
  return view;
}

ThresholdChoice decide(const ThresholdPolicy& policy, int64_t current, double load, const ForecastView& view) {
  return policy.decide(ThresholdRule(), {.time_ms = 1'000'000, .current = current, .load = load, .forecast = &view});
}

TEST(ThresholdPolicy, goes_one_step_out_above_and_one_step_in_below) {
  EXPECT_EQ(decide({}, 5, 100, expecting(2501)).desired, 6);
  EXPECT_EQ(decide({}, 5, 40, expecting(49)).desired, 4);
  EXPECT_EQ(decide({}, 5, 40, expecting(50)).desired, 5);
  EXPECT_EQ(decide({}, 5, 100, expecting(2500)).desired, 5);
}

TEST(ThresholdPolicy, never_goes_in_on_a_forecast_alone) {
  const auto choice = decide({}, 5, 60, expecting(10));
  EXPECT_EQ(choice.desired, 5);
  EXPECT_EQ(choice.outcome, ThresholdOutcome::kLoadNotBelow);
}

TEST(ThresholdPolicy, goes_out_for_the_present_load_without_forecast_and_never_in) {
  const ThresholdPolicy policy;
  const ThresholdRule rule;
  EXPECT_EQ(policy.decide(rule, {.time_ms = 0, .current = 5, .load = 3000, .forecast = nullptr}).desired, 6);
  const auto quiet = policy.decide(rule, {.time_ms = 0, .current = 5, .load = 1, .forecast = nullptr});
  EXPECT_EQ(quiet.desired, 5);
  EXPECT_EQ(quiet.outcome, ThresholdOutcome::kNoForecast);
}

TEST(ThresholdPolicy, keeps_within_its_gates) {
  EXPECT_EQ(decide({}, 15, 100, expecting(9000)).outcome, ThresholdOutcome::kMost);
  EXPECT_EQ(decide({}, 3, 1, expecting(1)).outcome, ThresholdOutcome::kLeast);
  EXPECT_EQ(decide({}, 1, 100, expecting(100)).desired, 3);
  EXPECT_EQ(decide({}, 40, 100, expecting(9000)).desired, 15);
}

TEST(ThresholdPolicy, waits_between_decisions_also_after_a_restore) {
  ThresholdPolicy policy;
  policy.spend(800'000);
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(policy, writer);
  ThresholdPolicy back;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(back, bytes, dropped));
  EXPECT_EQ(decide(back, 5, 100, expecting(9000)).outcome, ThresholdOutcome::kWaiting);
  back.spend(700'000);
  EXPECT_EQ(decide(back, 5, 100, expecting(9000)).outcome, ThresholdOutcome::kOut);
}

TEST(ThresholdPolicy, refuses_settings_that_contradict_themselves) {
  EXPECT_TRUE(check_threshold_rule(ThresholdRule(), ForecastView()));
  EXPECT_FALSE(check_threshold_rule({.below = 10, .above = 10}, ForecastView()));
  EXPECT_FALSE(check_threshold_rule({.least = 5, .most = 4}, ForecastView()));
  EXPECT_FALSE(check_threshold_rule({.step = 0}, ForecastView()));
  EXPECT_FALSE(check_threshold_rule({.horizon_ms = 900'001}, ForecastView()));
}

}  // namespace
}  // namespace headroom
