#include "policy/consumers_needed.h"

#include <gtest/gtest.h>

#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kTenMinutesMs = 600'000;

TEST(ConsumersNeeded, read_what_is_produced_and_what_has_gathered_within_the_time) {
  EXPECT_EQ(consumers_needed({4'000'000, 0, kTenMinutesMs, 1'000'000}), 4);
  EXPECT_EQ(consumers_needed({4'000'000, 600'000, kTenMinutesMs, 1'000'000}), 5);
  EXPECT_EQ(consumers_needed({0, 600'000, kTenMinutesMs, 1'000'000}), 1);
  EXPECT_EQ(consumers_needed({0, 600'000, kTenMinutesMs / 10, 1'000'000}), 10);
}

TEST(ConsumersNeeded, are_rounded_up_and_exact_at_the_edge) {
  EXPECT_EQ(consumers_needed({4'000'000, 1, kTenMinutesMs, 1'000'000}), 5);
  EXPECT_EQ(consumers_needed({4'000'001, 0, kTenMinutesMs, 1'000'000}), 5);
  EXPECT_EQ(consumers_needed({3'999'999, 0, kTenMinutesMs, 1'000'000}), 4);
  EXPECT_EQ(consumers_needed({0, 0, kTenMinutesMs, 1'000'000}), 0);
}

TEST(ConsumersNeeded, are_never_more_than_a_million_whatever_the_numbers) {
  for (const int64_t shares : {int64_t{0}, int64_t{12}, INT64_MAX}) {
    EXPECT_EQ(consumers_needed_evenly({INT64_MAX, INT64_MAX, 1, 1}, shares), kMostConsumers);
    EXPECT_EQ(consumers_needed_evenly({INT64_MAX, INT64_MAX, 1, 0}, shares), kMostConsumers);
  }
  EXPECT_EQ(consumers_needed({INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}), 2) << "produced alone is one's whole rate";
}

TEST(ConsumersNeeded, are_as_many_as_deal_partitions_out_evenly_enough) {
  const auto needed = [](int64_t produced_milli, int64_t shares) {
    return consumers_needed_evenly({produced_milli, 0, kTenMinutesMs, 1'000'000}, shares);
  };
  EXPECT_EQ(needed(4'000'000, 12), 4) << "three partitions each";
  EXPECT_EQ(needed(4'050'000, 12), 6) << "with five some would have three, which is more than one can read";
  EXPECT_EQ(needed(6'000'000, 12), 6);
  EXPECT_EQ(needed(6'000'001, 12), 12);
  EXPECT_EQ(needed(3'300'000, 10), 4) << "three, three, two, two";
  EXPECT_EQ(needed(3'400'000, 10), 5);
  EXPECT_EQ(needed(33'000'000, 100), 34);
  EXPECT_EQ(needed(13'000'000, 12), 13) << "a partition is too much for one";
  EXPECT_EQ(needed(12'000'000, 12), 12);
  EXPECT_EQ(needed(0, 12), 0);
  for (int64_t shares = 1; shares < 40; ++shares) {
    for (int64_t produced = 100'000; produced <= shares * 1'000'000; produced += 170'000) {
      const int64_t consumers = needed(produced, shares);
      const auto fits = [=](int64_t n) { return produced * ((shares + n - 1) / n) <= 1'000'000 * shares; };
      ASSERT_TRUE(fits(consumers)) << produced << " over " << shares;
      ASSERT_TRUE(consumers == 1 || !fits(consumers - 1)) << produced << " over " << shares;
    }
  }
}

TEST(Saturating, stays_at_the_end_of_the_range) {
  EXPECT_EQ(saturating_add(INT64_MAX, 1), INT64_MAX);
  EXPECT_EQ(saturating_add(INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(saturating_sub(INT64_MIN, 1), INT64_MIN);
  EXPECT_EQ(saturating_sub(INT64_MAX, -1), INT64_MAX);
  EXPECT_EQ(saturating_mul(INT64_MAX, -2), INT64_MIN);
  EXPECT_EQ(saturating_mul(INT64_MIN, -2), INT64_MAX);
  EXPECT_EQ(saturating_add(2, 3), 5);
  EXPECT_EQ(saturating_sub(2, 3), -1);
  EXPECT_EQ(saturating_mul(-2, 3), -6);
}

}  // namespace
}  // namespace headroom
