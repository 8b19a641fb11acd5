#include "policy/consumer_rate.h"

#include <gtest/gtest.h>

#include "headroom/state.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kStartMs = 1'767'571'200'000;

// One minute of ticks every five seconds; it is added when a later one comes.
void minute(ConsumerRate& rate, int64_t number, int64_t group_milli, int64_t consumers = 1, bool busy = true) {
  for (int64_t at_ms = 0; at_ms < kMinuteMs; at_ms += 5000) {
    rate.add({kStartMs + number * kMinuteMs + at_ms, 5000, group_milli, consumers, busy});
  }
}

TEST(ConsumerRate, is_silent_before_five_busy_minutes) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 5; ++i) minute(rate, i, 1'000'000);
  EXPECT_FALSE(rate.rate_milli()) << "the fifth is not over";
  minute(rate, 5, 1'000'000);
  EXPECT_EQ(rate.rate_milli(), 1'000'000);
}

TEST(ConsumerRate, is_the_80th_percentile_by_nearest_rank) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 11; ++i) minute(rate, i, (i + 1) * 1000);
  EXPECT_EQ(rate.minutes.size(), 10u);
  EXPECT_EQ(rate.rate_milli(), 8000);
}

TEST(ConsumerRate, divides_by_the_consumers_that_have_partitions) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 6; ++i) minute(rate, i, 900'000, 3);
  EXPECT_EQ(rate.rate_milli(), 300'000);
}

TEST(ConsumerRate, takes_the_mean_of_a_minutes_ticks) {
  ConsumerRate rate;
  for (int64_t tick = 0; tick < 73; ++tick) rate.add({kStartMs + tick * 5000, 5000, tick % 2 == 0 ? 0 : 2000, 1, true});
  EXPECT_EQ(rate.rate_milli(), 1000);
}

TEST(ConsumerRate, leaves_out_minutes_with_one_tick_that_was_not_busy) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 10; ++i) {
    rate.add({kStartMs + i * kMinuteMs, 5000, 1000, 1, i % 2 == 0});
    for (int64_t at_ms = 5000; at_ms < kMinuteMs; at_ms += 5000) rate.add({kStartMs + i * kMinuteMs + at_ms, 5000, 1000, 1, true});
  }
  minute(rate, 10, 1000);
  EXPECT_EQ(rate.minutes.size(), 5u);
}

TEST(ConsumerRate, leaves_out_minutes_in_which_the_number_of_consumers_changed) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 10; ++i) {
    for (int64_t at_ms = 0; at_ms < kMinuteMs; at_ms += 5000) {
      rate.add({kStartMs + i * kMinuteMs + at_ms, 5000, 1000, at_ms < 30'000 ? 1 : 2, true});
    }
  }
  EXPECT_TRUE(rate.minutes.empty());
}

TEST(ConsumerRate, leaves_out_minutes_of_which_less_than_three_quarters_were_seen) {
  for (const int64_t ticks : {8, 9}) {
    ConsumerRate rate;
    for (int64_t i = 0; i < 6; ++i) {
      for (int64_t tick = 0; tick < ticks; ++tick) rate.add({kStartMs + i * kMinuteMs + tick * 5000, 5000, 1000, 1, true});
    }
    EXPECT_EQ(rate.rate_milli().has_value(), ticks == 9);
  }
}

TEST(ConsumerRate, leaves_out_minutes_in_which_nothing_was_read) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 10; ++i) minute(rate, i, 0);
  EXPECT_TRUE(rate.minutes.empty());
}

TEST(ConsumerRate, remembers_the_last_60_busy_minutes) {
  ConsumerRate rate;
  for (int64_t i = 0; i < 200; ++i) minute(rate, i, i < 139 ? 1'000'000 : 1000);
  EXPECT_EQ(rate.minutes.size(), 60u);
  EXPECT_EQ(rate.rate_milli(), 1000);
}

TEST(ConsumerRate, survives_numbers_at_the_end_of_the_range) {
  ConsumerRate rate;
  rate.minutes.assign(1000, INT64_MAX);
  rate.minute = INT64_MIN;
  rate.sum_milli = rate.ticks = rate.covered_ms = INT64_MAX;
  rate.consumers = INT64_MAX;
  for (int64_t i = 0; i < 3; ++i) minute(rate, i, INT64_MAX);
  EXPECT_EQ(rate.minutes.size(), 60u);
  EXPECT_GT(rate.rate_milli().value_or(0), 0);
}

}  // namespace
}  // namespace headroom
