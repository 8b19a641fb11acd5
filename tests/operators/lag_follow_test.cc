// Which of several sources a lane believes.

#include <gtest/gtest.h>

#include <string_view>

#include "operators/lag_follow.h"

namespace headroom {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;

class LagFollowing : public ::testing::Test {
 protected:
  // Whether a sample or a tick of this source, so many seconds after the start, is passed on.
  bool sample(std::string_view source, int64_t seconds) {
    LagEvent in;
    in.sample.source = source;
    in.sample.observed_ms = in.time_ms = kStartMs + seconds * 1000;
    return op_.step(state_, in).has_value();
  }
  bool tick(std::string_view source, int64_t seconds, int64_t interval_s = 5) {
    LagEvent in;
    in.kind = LagKind::kTick;
    in.tick = {.source = source, .tick_ms = kStartMs + seconds * 1000, .interval_ms = interval_s * 1000};
    in.time_ms = in.tick.tick_ms;
    return op_.step(state_, in).has_value();
  }

  LagFollow op_;
  LagFollow::State state_;
};

TEST_F(LagFollowing, follows_the_first_that_it_hears_of_and_no_other) {
  EXPECT_TRUE(sample("a", 4));
  EXPECT_FALSE(sample("b", 4));
  EXPECT_TRUE(tick("a", 5));
  EXPECT_FALSE(tick("b", 6));
  EXPECT_TRUE(sample("a", 9));
}

TEST_F(LagFollowing, goes_over_once_three_intervals_of_the_others_ticks_have_passed) {
  EXPECT_TRUE(tick("a", 5));
  for (const int64_t seconds : {6, 11, 16}) {
    EXPECT_FALSE(sample("b", seconds));
    EXPECT_FALSE(tick("b", seconds));
  }
  EXPECT_FALSE(sample("b", 20)) << "of the cycle that is not whole";
  EXPECT_FALSE(tick("b", 21)) << "which ends here";
  EXPECT_TRUE(sample("b", 25));
  EXPECT_TRUE(tick("b", 26));
  EXPECT_FALSE(tick("a", 27));
}

TEST_F(LagFollowing, stays_with_a_slow_source_as_long_as_it_says_something) {
  EXPECT_TRUE(tick("a", 5));
  for (int64_t seconds = 6; seconds < 100; seconds += 5) {
    EXPECT_FALSE(tick("b", seconds));
    if (seconds % 10 == 1) {
      EXPECT_TRUE(sample("a", seconds));
    }
  }
}

TEST_F(LagFollowing, tells_silence_by_the_others_clock_alone) {
  EXPECT_TRUE(tick("a", 5));
  EXPECT_FALSE(tick("b", 1005)) << "its clock is far ahead";
  EXPECT_TRUE(tick("a", 10));
  EXPECT_FALSE(tick("b", 1010));
  EXPECT_TRUE(tick("a", 15));
}

TEST_F(LagFollowing, takes_the_followed_ones_interval) {
  EXPECT_TRUE(tick("a", 60, 60));
  for (int64_t seconds = 61; seconds < 61 + 180; seconds += 5) EXPECT_FALSE(tick("b", seconds)) << seconds;
  EXPECT_FALSE(tick("b", 61 + 180));
  EXPECT_TRUE(tick("b", 61 + 185));
}

TEST_F(LagFollowing, goes_over_from_a_source_that_never_ticked) {
  EXPECT_TRUE(sample("a", 4));
  for (const int64_t seconds : {6, 11, 16, 21}) EXPECT_FALSE(tick("b", seconds));
  EXPECT_TRUE(tick("b", 26));
}

TEST_F(LagFollowing, goes_over_though_another_that_was_heard_first_is_silent_too) {
  EXPECT_TRUE(tick("a", 5));
  EXPECT_FALSE(tick("b", 6));
  int64_t seconds = 7;
  while (!tick("c", seconds) && seconds < 200) seconds += 5;
  EXPECT_EQ(seconds, 7 + 9 * 5) << "six ticks until b is given up, three intervals, and its first whole cycle";
}

TEST_F(LagFollowing, never_lets_time_go_back) {
  EXPECT_TRUE(tick("a", 100));
  EXPECT_FALSE(tick("a", 100));
  EXPECT_FALSE(tick("a", 95));
  for (const int64_t seconds : {50, 55, 60, 65}) EXPECT_FALSE(tick("b", seconds));
  EXPECT_TRUE(sample("b", 69)) << "it is followed";
  EXPECT_FALSE(tick("b", 70)) << "but its clock is behind";
  EXPECT_FALSE(tick("b", 100));
  EXPECT_TRUE(tick("b", 105));
}

TEST_F(LagFollowing, lets_contexts_and_forgotten_groups_through) {
  EXPECT_TRUE(tick("a", 5));
  LagEvent in;
  in.kind = LagKind::kContext;
  EXPECT_TRUE(op_.step(state_, in));
  in.kind = LagKind::kForgotten;
  EXPECT_TRUE(op_.step(state_, in));
}

}  // namespace
}  // namespace headroom
