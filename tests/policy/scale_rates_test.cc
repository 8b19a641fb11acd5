#include "policy/scale_rates.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(ScaleRates, go_out_by_the_larger_of_the_same_again_and_four_in_15_seconds) {
  const ScaleRateLimits limits;
  const ScaleRates rates;
  EXPECT_EQ(rates.limited(limits, 0, 2, 50), 6);
  EXPECT_EQ(rates.limited(limits, 0, 10, 50), 20);
  EXPECT_EQ(rates.limited(limits, 0, 10, 15), 15);
}

TEST(ScaleRates, count_what_was_added_within_the_period) {
  const ScaleRateLimits limits;
  ScaleRates rates;
  rates.note(limits, 0, 10);
  EXPECT_EQ(rates.limited(limits, 14'999, 20, 50), 20);
  EXPECT_EQ(rates.limited(limits, 15'000, 20, 50), 40);
  rates.note(limits, 15'000, 0);
  EXPECT_TRUE(rates.changes.empty());
}

TEST(ScaleRates, go_in_all_the_way_unless_told_otherwise) {
  EXPECT_EQ(ScaleRates().limited(ScaleRateLimits(), 0, 50, 1), 1);
  const ScaleRateLimits careful{.period_ms = 60'000, .in_share = 0.1, .in_replicas = 2};
  EXPECT_EQ(ScaleRates().limited(careful, 0, 50, 1), 45);
  EXPECT_EQ(ScaleRates().limited(careful, 0, 5, 1), 3);
  ScaleRates rates;
  rates.note(careful, 0, -5);
  EXPECT_EQ(rates.limited(careful, 30'000, 45, 1), 45);
}

TEST(ScaleRates, keep_a_bounded_number_of_changes) {
  ScaleRates rates;
  for (int64_t i = 0; i < 1000; ++i) rates.note({.period_ms = 1'000'000}, i, 1);
  EXPECT_EQ(rates.changes.size(), ScaleRates::kMostChanges);
}

}  // namespace
}  // namespace headroom
