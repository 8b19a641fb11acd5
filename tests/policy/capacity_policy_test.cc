#include "policy/capacity_policy.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom {
namespace {

ForecastView view_of(double one, double five, double fifteen) {
  ForecastView view;
  view.available = true;
  view.at[0].q95 = one;
  view.at[1].q95 = five;
  view.at[2].q95 = fifteen;
  return view;
}

double largest(const ForecastView& view, double present, int64_t until_ms) {
  return largest_expected(view, ForecastQuantile::kQ95, present, until_ms).value_or(-1);
}

TEST(CapacityPolicy, reads_the_forecast_linearly_between_the_present_load_and_the_horizons) {
  const ForecastView view = view_of(200, 400, 900);
  EXPECT_EQ(largest(view, 100, 0), 100);
  EXPECT_EQ(largest(view, 100, 30'000), 150);
  EXPECT_EQ(largest(view, 100, 60'000), 200);
  EXPECT_EQ(largest(view, 100, 135'000), 200 + 200 * 75.0 / 240);
  EXPECT_EQ(largest(view, 100, 900'000), 900);
}

TEST(CapacityPolicy, takes_the_largest_up_to_the_lead_and_not_what_comes_after_it) {
  EXPECT_EQ(largest(view_of(500, 100, 2000), 100, 300'000), 500);
  EXPECT_EQ(largest(view_of(50, 40, 30), 100, 900'000), 100) << "the present load counts too";
}

TEST(CapacityPolicy, stays_at_the_last_horizon_beyond_it) {
  EXPECT_EQ(largest(view_of(200, 400, 900), 100, 2'000'000), 900);
}

TEST(CapacityPolicy, knows_nothing_of_a_forecast_that_is_withheld_or_no_number) {
  ForecastView view = view_of(1, std::numeric_limits<double>::quiet_NaN(), 3);
  EXPECT_EQ(largest(view, 1, 60'000), 1) << "the broken horizon is not needed";
  EXPECT_EQ(largest(view, 1, 61'000), -1);
  view.available = false;
  EXPECT_EQ(largest(view, 1, 60'000), -1);
  ForecastView turned = view_of(1, 2, 3);
  turned.steps = {5, 5, 15};
  EXPECT_EQ(largest(turned, 1, 400'000), -1);
}

TEST(CapacityPolicy, looks_ahead_over_the_age_of_the_forecast_start_up_and_one_interval) {
  const CapacityPolicy policy{.metric_delay_ms = 30'000, .decision_interval_ms = 15'000};
  EXPECT_EQ(policy.lead_ms(1'000'000, 990'000, 90'000), 135'000) << "at least the metric delay";
  EXPECT_EQ(policy.lead_ms(1'000'000, 920'000, 90'000), 185'000);
}

TEST(CapacityPolicy, refuses_a_lead_beyond_the_last_horizon) {
  const CapacityPolicy policy;
  EXPECT_TRUE(check_capacity_policy(policy, ForecastView(), 855'000));
  const Status refused = check_capacity_policy(policy, ForecastView(), 855'001);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.message().find("last horizon"), std::string::npos) << refused.message();
  EXPECT_FALSE(check_capacity_policy({.target_utilisation = 1.1}, ForecastView(), 90'000));
  EXPECT_FALSE(check_capacity_policy({.target_utilisation = 0}, ForecastView(), 90'000));
}

TEST(CapacityPolicy, needs_the_load_over_capacity_and_target_rounded_up) {
  EXPECT_EQ(whole_replicas(replicas_needed(800, 100, 0.8).value_or(-1)), 10) << "0.8 is a little less than 0.8 in binary";
  EXPECT_EQ(whole_replicas(replicas_needed(801, 100, 0.8).value_or(-1)), 11);
  EXPECT_EQ(replicas_needed(800, 0, 0.8), std::nullopt);
  EXPECT_EQ(replicas_needed(-1, 100, 0.8), std::nullopt);
  EXPECT_EQ(whole_replicas(1e300), kMostReplicas);
}

TEST(CapacityPolicy, scores_the_horizon_that_first_covers_the_lead) {
  EXPECT_EQ(deciding_horizon(ForecastView(), 60'000), 0U);
  EXPECT_EQ(deciding_horizon(ForecastView(), 135'000), 1U);
  EXPECT_EQ(deciding_horizon(ForecastView(), 9'000'000), 2U);
}

}  // namespace
}  // namespace headroom
