#include "policy/size_limits.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

SizeLimits cpu_limits() {
  SizeLimits limits;
  limits.multiple = 10'000;
  return limits;
}

TEST(SizeLimits, halve_at_most_and_grow_to_four_times_at_most) {
  EXPECT_EQ(limited_size(cpu_limits(), 860'000, 2'000'000, 0), 1'000'000);
  EXPECT_EQ(limited_size(cpu_limits(), 9'000'000, 2'000'000, 0), 8'000'000);
  EXPECT_EQ(limited_size(cpu_limits(), 1'234'567, 2'000'000, 0), 1'240'000);
}

TEST(SizeLimits, usage_floor_comes_before_and_after_the_steps) {
  SizeLimits limits;
  limits.usage_floor = 1.1;
  EXPECT_EQ(limited_size(limits, 100, 1000, 700), 770);    // above half, so the step does not matter
  EXPECT_EQ(limited_size(limits, 100, 1000, 400), 500);    // the step holds it above the floor
  EXPECT_EQ(limited_size(limits, 100, 1000, 5000), 5500);  // beyond four times: the floor again
}

TEST(SizeLimits, gates_are_rounded_inwards_and_the_upper_one_wins) {
  SizeLimits limits = cpu_limits();
  limits.least = 1'001'000;
  EXPECT_EQ(limited_size(limits, 600'000, 1'000'000, 0), 1'010'000);
  limits.least.reset();
  limits.most = 1'999'999;
  EXPECT_EQ(limited_size(limits, 3'000'000, 1'000'000, 0), 1'990'000);
  limits.least = 1'995'000;
  EXPECT_EQ(limited_size(limits, 3'000'000, 1'000'000, 0), 1'990'000);
}

TEST(SizeLimits, only_gates_and_rounding_hold_when_nothing_else_is_asked) {
  SizeLimits limits;
  limits.multiple = 1 << 20;
  EXPECT_EQ(gated_size(limits, 1), 1 << 20);
  limits.most = (5 << 20) + 1;
  EXPECT_EQ(gated_size(limits, int64_t{1} << 40), 5 << 20);
}

}  // namespace
}  // namespace headroom
