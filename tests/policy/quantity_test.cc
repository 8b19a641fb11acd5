#include "policy/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom {
namespace {

TEST(Quantity, rounds_halves_to_even) {
  EXPECT_EQ(round_units(0.5), 0);
  EXPECT_EQ(round_units(1.5), 2);
  EXPECT_EQ(round_units(2.5), 2);
  EXPECT_EQ(round_units(-1.5), -2);
  EXPECT_EQ(to_units(Resource::kCpu, 0.0000025), 2);
  EXPECT_EQ(to_units(Resource::kMemory, 1048576.5), 1048576);
}

TEST(Quantity, stays_within_its_limits_whatever_comes) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(round_units(inf), kMostUnits);
  EXPECT_EQ(round_units(-inf), -kMostUnits);
  EXPECT_EQ(round_units(std::numeric_limits<double>::quiet_NaN()), -kMostUnits);
  EXPECT_EQ(to_units(Resource::kCpu, 1e300), kMostUnits);
}

TEST(Quantity, floor_division_goes_towards_minus_infinity) {
  EXPECT_EQ(floor_div(119, 60), 1);
  EXPECT_EQ(floor_div(120, 60), 2);
  EXPECT_EQ(floor_div(-1, 60), -1);
  EXPECT_EQ(floor_div(-60, 60), -1);
  EXPECT_EQ(floor_div(-61, 60), -2);
}

TEST(Quantity, multiples_are_left_alone) {
  EXPECT_EQ(round_up(0, 10), 0);
  EXPECT_EQ(round_up(10, 10), 10);
  EXPECT_EQ(round_up(11, 10), 20);
  EXPECT_EQ(round_down(19, 10), 10);
  EXPECT_EQ(round_down(20, 10), 20);
}

}  // namespace
}  // namespace headroom
