#include "policy/adaptive_target.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr TargetRule kRule{.highest = 0.8, .lowest = 0.7, .step = 0.05, .back_a_day = 0.01, .near_from = 1, .near_to = 1.3};

TEST(AdaptiveTarget, is_the_highest_until_the_load_fills_the_replicas) {
  AdaptiveTarget target;
  target.see(kRule, 0, 9.9, 10);
  EXPECT_EQ(target.target(kRule), 0.8);
  target.see(kRule, kHourMs, 10.1, 10);
  EXPECT_NEAR(target.target(kRule), 0.75, 1e-9);
}

TEST(AdaptiveTarget, goes_no_lower_than_the_lowest) {
  AdaptiveTarget target;
  for (int64_t hour = 1; hour < 20; ++hour) target.see(kRule, hour * kHourMs, 11, 10);
  EXPECT_NEAR(target.target(kRule), 0.7, 1e-9);
}

TEST(AdaptiveTarget, comes_back_slowly) {
  AdaptiveTarget target;
  target.see(kRule, kHourMs, 11, 10);
  for (int64_t hour = 2; hour <= 1 + 24 * 2; ++hour) target.see(kRule, hour * kHourMs, 1, 10);
  EXPECT_NEAR(target.target(kRule), 0.77, 1e-9);
}

TEST(AdaptiveTarget, counts_ticks_of_one_near_miss_once) {
  AdaptiveTarget target;
  for (int64_t tick = 1; tick <= 40; ++tick) target.see(kRule, kHourMs + tick * 15'000, 11, 10);
  EXPECT_NEAR(target.target(kRule), 0.75, 1e-3);
}

TEST(AdaptiveTarget, learns_nothing_from_jumps_that_no_target_would_have_carried_or_from_very_few_replicas) {
  AdaptiveTarget target;
  target.see(kRule, kHourMs, 14, 10);
  target.see(kRule, 2 * kHourMs, 2.1, 2);
  target.see(kRule, 3 * kHourMs, std::numeric_limits<double>::quiet_NaN(), 10);
  EXPECT_EQ(target.target(kRule), 0.8);
}

}  // namespace
}  // namespace headroom
