#include "policy/target_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace headroom {
namespace {

TEST(TargetPattern, takes_all_but_stars_for_themselves) {
  EXPECT_TRUE(target_fits("prod/shop/Deployment/api", "prod/shop/Deployment/api"));
  EXPECT_FALSE(target_fits("prod/shop/Deployment/api", "prod/shop/Deployment/apis"));
  EXPECT_FALSE(target_fits("prod.shop", "prod/shop"));
  EXPECT_TRUE(target_fits("", ""));
  EXPECT_FALSE(target_fits("", "a"));
}

TEST(TargetPattern, one_star_stays_within_a_part) {
  EXPECT_TRUE(target_fits("prod-*/shop/*/api", "prod-eu1/shop/Deployment/api"));
  EXPECT_FALSE(target_fits("prod-*/api", "prod-eu1/shop/Deployment/api"));
  EXPECT_TRUE(target_fits("*/*/*/*", "a/b/c/d"));
  EXPECT_FALSE(target_fits("*/*/*/*", "a/b/c"));
  EXPECT_TRUE(target_fits("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(target_fits("a*b*c", "aXb/c"));
  EXPECT_TRUE(target_fits("v?/x", "v1/x"));
  EXPECT_FALSE(target_fits("v?x", "v/x"));
}

TEST(TargetPattern, two_stars_go_across_parts) {
  EXPECT_TRUE(target_fits("**", "prod/shop/Deployment/api"));
  EXPECT_TRUE(target_fits("**", ""));
  EXPECT_TRUE(target_fits("prod/**", "prod/shop/Deployment/api"));
  EXPECT_TRUE(target_fits("**/api", "prod/shop/Deployment/api"));
  EXPECT_FALSE(target_fits("**/api", "prod/shop/Deployment/api2"));
  EXPECT_TRUE(target_fits("**/c*/x", "a/b/c1/c2/x"));
}

TEST(TargetPattern, does_not_take_forever_on_many_stars) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(target_fits(pattern + "b", std::string(512, 'a')));
}

}  // namespace
}  // namespace headroom
