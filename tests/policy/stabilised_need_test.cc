#include "policy/stabilised_need.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kSilenceMs = 75'000;

NeedTick tick(int64_t at_s, int64_t out, int64_t in, int64_t lag_records = 0) {
  return {kStartMs + at_s * 1000, out, in, lag_records};
}

TEST(StabilisedNeed, knows_nothing_of_a_window_that_it_has_not_seen_whole) {
  StabilisedNeed need;
  need.add(tick(0, 5, 5), kSilenceMs);
  EXPECT_FALSE(need.least_out(kMinuteMs));
  EXPECT_EQ(need.least_out(0), 5);
  for (int64_t at_s = 5; at_s < 60; at_s += 5) need.add(tick(at_s, 5, 5), kSilenceMs);
  EXPECT_FALSE(need.least_out(kMinuteMs));
  need.add(tick(60, 5, 5), kSilenceMs);
  EXPECT_EQ(need.least_out(kMinuteMs), 5);
  EXPECT_EQ(need.most_in(kMinuteMs), 5);
  EXPECT_FALSE(need.most_in(kMinuteMs + 1));
}

TEST(StabilisedNeed, goes_out_to_the_least_and_in_to_the_most_of_the_window) {
  StabilisedNeed need;
  for (int64_t minute = 0; minute < 10; ++minute) need.add(tick(minute * 60, 3 + minute % 4, 5 + minute % 4), kSilenceMs);
  EXPECT_EQ(need.least_out(2 * kMinuteMs), 3);  // 6, 3, 4 at minutes 7, 8, 9
  EXPECT_EQ(need.least_out(1 * kMinuteMs), 3);
  EXPECT_EQ(need.least_out(0), 4);
  EXPECT_EQ(need.most_in(1 * kMinuteMs), 6);
  EXPECT_EQ(need.most_in(2 * kMinuteMs), 8);
}

TEST(StabilisedNeed, counts_every_tick_of_a_minute) {
  StabilisedNeed need;
  need.add(tick(0, 5, 5), kSilenceMs);
  need.add(tick(60, 5, 5), kSilenceMs);
  need.add(tick(65, 2, 9), kSilenceMs);
  need.add(tick(70, 5, 5), kSilenceMs);
  EXPECT_EQ(need.least_out(kMinuteMs), 2);
  EXPECT_EQ(need.most_in(kMinuteMs), 9);
}

TEST(StabilisedNeed, starts_anew_after_a_silence) {
  StabilisedNeed need;
  for (int64_t at_s = 0; at_s <= 120; at_s += 60) need.add(tick(at_s, 5, 5), kSilenceMs);
  need.add(tick(195, 5, 5), kSilenceMs);
  EXPECT_TRUE(need.least_out(kMinuteMs));
  need.add(tick(271, 5, 5), kSilenceMs);
  EXPECT_FALSE(need.least_out(kMinuteMs));
  EXPECT_FALSE(need.lag_falls());
}

TEST(StabilisedNeed, says_that_the_lag_falls_when_it_is_below_that_of_five_minutes_ago) {
  StabilisedNeed need;
  for (int64_t minute = 0; minute < 5; ++minute) need.add(tick(minute * 60, 1, 1, 1000 - minute), kSilenceMs);
  EXPECT_FALSE(need.lag_falls()) << "there is nothing to compare with yet";
  need.add(tick(300, 1, 1, 995), kSilenceMs);
  EXPECT_TRUE(need.lag_falls());
  need.add(tick(330, 1, 1, 1001), kSilenceMs);
  EXPECT_FALSE(need.lag_falls()) << "the most of the minute counts";
  need.add(tick(360, 1, 1, 990), kSilenceMs);
  EXPECT_FALSE(need.lag_falls()) << "the last full minute counts too";
  need.add(tick(420, 1, 1, 990), kSilenceMs);
  EXPECT_TRUE(need.lag_falls());
}

TEST(StabilisedNeed, keeps_at_most_62_minutes_which_cover_an_hour) {
  StabilisedNeed need;
  need.add(tick(0, 1, 9), kSilenceMs);
  for (int64_t at_s = 60; at_s < 180 * 60; at_s += 60) need.add(tick(at_s, 4, 4), kSilenceMs);
  EXPECT_EQ(need.minutes.size(), StabilisedNeed::kMostMinutes);
  EXPECT_EQ(need.most_in(StabilisedNeed::kMostWindowMs), 4);
  need.add(tick(180 * 60 + 30, 4, 7), kSilenceMs);
  for (int64_t at_s = 181 * 60; at_s <= 240 * 60 + 30; at_s += 30) need.add(tick(at_s, 4, 4), kSilenceMs);
  EXPECT_EQ(need.most_in(StabilisedNeed::kMostWindowMs), 7) << "an hour ago to the second";
}

}  // namespace
}  // namespace headroom
