#include <gtest/gtest.h>

#include <random>
#include <string>

#include "headroom/state.h"
#include "policy/lag_outlook.h"
#include "policy/lag_rhythm.h"
#include "policy/lag_trend.h"
#include "policy/record_rate.h"

namespace headroom {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kWindowMs = 90'000;

template <class State>
std::string bytes_of(const State& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

TEST(LagRhythm, is_not_known_before_an_interval) {
  EXPECT_EQ(LagRhythm{}.median_ms(), std::nullopt);
}

TEST(LagRhythm, is_the_median_of_the_last_ten) {
  LagRhythm rhythm;
  rhythm.add(60'000);
  EXPECT_EQ(rhythm.median_ms(), 60'000);
  rhythm.add(61'000);
  EXPECT_EQ(rhythm.median_ms(), 60'500) << "of an even number the mean of the middle two";
  rhythm.add(3'600'000);
  EXPECT_EQ(rhythm.median_ms(), 61'000) << "one outlier is nothing";
  for (int i = 0; i < 35; ++i) rhythm.add(5'000 + i % 2);
  EXPECT_EQ(rhythm.median_ms(), 5'000) << "older ones are forgotten";
  for (int i = 0; i < 5; ++i) rhythm.add(9'000);
  EXPECT_EQ(rhythm.median_ms(), (5'001 + 9'000) / 2);
  rhythm.add(9'000);
  EXPECT_EQ(rhythm.median_ms(), 9'000);
}

TEST(LagTrend, gives_the_slope_of_lag_a_second) {
  LagTrend trend;
  for (int i = 0; i < 10; ++i) trend.add({kStartMs + i * 10'000, i * 100, 5'000 + i * 2'000}, kWindowMs);
  EXPECT_EQ(trend.lag_slope_micro(kStartMs, 45'000), 200'000);
  LagTrend falling;
  for (int i = 0; i < 10; ++i) falling.add({kStartMs + i * 10'000, i * 100, 50'000 - i * 1'000}, kWindowMs);
  EXPECT_EQ(falling.lag_slope_micro(kStartMs, 45'000), -100'000);
}

TEST(LagTrend, is_not_moved_by_one_far_off_stamp) {
  for (int odd = 0; odd < 10; ++odd) {
    LagTrend trend;
    for (int i = 0; i < 10; ++i) trend.add({kStartMs + i * 10'000, i * 100, i == odd ? 3'600'000 : 5'000}, kWindowMs);
    EXPECT_EQ(trend.lag_slope_micro(kStartMs, 45'000), 0) << odd;
  }
}

TEST(LagTrend, says_nothing_from_too_few_points_or_too_short_a_time) {
  LagTrend trend;
  for (int i = 0; i < 3; ++i) trend.add({kStartMs + i * 30'000, i, 1'000}, kWindowMs);
  EXPECT_EQ(trend.lag_slope_micro(kStartMs, 45'000), std::nullopt) << "three points";
  trend.add({kStartMs + 90'000, 4, 1'000}, kWindowMs);
  EXPECT_EQ(trend.lag_slope_micro(kStartMs, 45'000), 0);
  EXPECT_EQ(trend.lag_slope_micro(kStartMs + 1, 45'000), std::nullopt) << "the first is too old";
  EXPECT_EQ(trend.lag_slope_micro(kStartMs, 90'001), std::nullopt);
  trend.clear();
  EXPECT_EQ(trend.newest(), nullptr);
}

TEST(LagTrend, passes_over_points_without_lag) {
  LagTrend trend;
  for (int i = 0; i < 8; ++i) trend.add({kStartMs + i * 10'000, i, i % 2 == 0 ? i * 1'000 : LagTrend::kUnknown}, kWindowMs);
  EXPECT_EQ(trend.lag_slope_micro(kStartMs, 45'000), 100'000);
}

TEST(LagTrend, reaches_over_the_window_however_often_commits_come) {
  LagTrend trend;
  for (int i = 0; i <= 1000; ++i) trend.add({kStartMs + i * 1'000, i * 100, i * 500}, kWindowMs);
  const int64_t now_ms = kStartMs + 1'000'000;
  EXPECT_EQ(trend.newest()->time_ms, now_ms);
  EXPECT_EQ(trend.lag_slope_micro(now_ms - kWindowMs, 72'000), 500'000);
  EXPECT_EQ(trend.consumed_milli(now_ms - kWindowMs), 100'000);
}

TEST(LagTrend, tells_what_is_consumed_over_whole_commit_intervals) {
  LagTrend trend;
  EXPECT_EQ(trend.consumed_milli(0), std::nullopt);
  trend.add({kStartMs, 1'000, 0}, kWindowMs);
  EXPECT_EQ(trend.consumed_milli(0), std::nullopt);
  trend.add({kStartMs + 60'000, 7'000, 0}, kWindowMs);
  EXPECT_EQ(trend.consumed_milli(kStartMs), 100'000);
  EXPECT_EQ(trend.consumed_milli(kStartMs + 30'000), 100'000) << "the last but one, where it is older";
  trend.add({kStartMs + 120'000, 6'000, 0}, kWindowMs);
  EXPECT_EQ(trend.consumed_milli(kStartMs + 60'000), std::nullopt) << "it fell";
}

TEST(LagTrend, comes_back_from_its_bytes_and_no_bytes_break_it) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    LagTrend trend;
    int64_t time_ms = kStartMs;
    for (uint64_t i = random() % 20; i > 0; --i) {
      time_ms += static_cast<int64_t>(1 + random() % 30'000);
      trend.add({time_ms, static_cast<int64_t>(random() >> 3 >> random() % 60), static_cast<int64_t>(random() % 3'600'000) - 1}, kWindowMs);
    }
    const std::string bytes = bytes_of(trend);
    LagTrend back;
    uint64_t dropped = 0;
    ASSERT_TRUE(load_state(back, bytes, dropped));
    EXPECT_EQ(bytes_of(back), bytes);
    std::string broken = bytes;
    if (!broken.empty()) broken[random() % broken.size()] = static_cast<char>(random());
    LagTrend other;
    if (load_state(other, broken, dropped)) {
      other.lag_slope_micro(0, 0);
      other.add({INT64_MAX / 2, 0, 0}, kWindowMs);
    }
  }
}

TEST(RecordRate, is_over_half_a_window_to_a_whole_one) {
  RecordRate rate;
  EXPECT_EQ(rate.milli(), std::nullopt);
  for (int i = 0; i <= 100; ++i) rate.add(kStartMs + i * 5'000, i * 500, kWindowMs);
  EXPECT_EQ(rate.milli(), 100'000);
  for (int i = 1; i <= 18; ++i) rate.add(kStartMs + (100 + i) * 5'000, 50'000 + i * 5'000, kWindowMs);
  EXPECT_EQ(rate.milli(), 1'000'000) << "a window later nothing of the old rate is left";
}

TEST(RecordRate, begins_anew_when_the_offset_falls) {
  RecordRate rate;
  rate.add(kStartMs, 1'000, kWindowMs);
  rate.add(kStartMs + 5'000, 1'500, kWindowMs);
  rate.add(kStartMs + 10'000, 10, kWindowMs);
  EXPECT_EQ(rate.milli(), std::nullopt);
  rate.add(kStartMs + 15'000, 20, kWindowMs);
  EXPECT_EQ(rate.milli(), 2'000);
}

TEST(RecordRate, does_not_overflow) {
  EXPECT_EQ(rate_milli(INT64_MAX, 1), 1'000'000'000'000'000'000);
  EXPECT_EQ(rate_milli(INT64_MAX, INT64_MAX), 1'000'000);
  EXPECT_EQ(rate_milli(-1, 1), std::nullopt);
  EXPECT_EQ(rate_milli(1, 0), std::nullopt);
}

TEST(CatchUp, is_lag_over_what_is_consumed_beyond_what_is_produced) {
  EXPECT_EQ(catch_up_ms(1'000, 100'000, 300'000), 5'000);
  EXPECT_EQ(catch_up_ms(1, 0, 3'000), 334) << "rounded up";
  EXPECT_EQ(catch_up_ms(0, std::nullopt, std::nullopt), 0);
  EXPECT_EQ(catch_up_ms(1'000, 100'000, 100'000), std::nullopt);
  EXPECT_EQ(catch_up_ms(1'000, 100'000, std::nullopt), std::nullopt);
  EXPECT_EQ(catch_up_ms(1'000, std::nullopt, 100'000), std::nullopt);
  EXPECT_EQ(catch_up_ms(INT64_MAX, 0, 1), INT64_MAX / 4);
}

TEST(Loss, is_what_is_left_of_the_time_that_records_are_kept) {
  EXPECT_EQ(loss_ms({.retention_ms = 3'600'000, .unread_age_ms = 600'000}), 3'000'000);
  EXPECT_EQ(loss_ms({.retention_ms = 3'600'000, .unread_age_ms = 4'000'000}), 0);
  EXPECT_EQ(loss_ms({.retention_ms = 3'600'000}), std::nullopt);
  EXPECT_EQ(loss_ms({.unread_age_ms = 600'000}), std::nullopt);
}

TEST(Loss, comes_sooner_where_a_full_log_makes_room) {
  Retention retention{.retention_ms = 3'600'000,
                      .retention_bytes = 1,
                      .deletes = true,
                      .unread_age_ms = 0,
                      .records_before = 1'000,
                      .produced_milli = 100'000};
  EXPECT_EQ(loss_ms(retention), 10'000);
  retention.records_before = 1'000'000;
  EXPECT_EQ(loss_ms(retention), 3'600'000) << "the earlier of the two";
  retention.retention_ms.reset();
  EXPECT_EQ(loss_ms(retention), 10'000'000);
  retention.deletes = false;
  EXPECT_EQ(loss_ms(retention), std::nullopt) << "its start does not move";
  retention.deletes = true, retention.produced_milli = 0;
  EXPECT_EQ(loss_ms(retention), std::nullopt) << "nothing new comes";
}

TEST(Loss, is_near_under_a_fifth_of_the_time_or_an_hour) {
  constexpr int64_t kHourMs = 3'600'000;
  EXPECT_TRUE(near_retention(168 * kHourMs / 5 - 1, 168 * kHourMs));
  EXPECT_FALSE(near_retention(168 * kHourMs / 5, 168 * kHourMs));
  EXPECT_TRUE(near_retention(kHourMs - 1, 3 * kHourMs));
  EXPECT_FALSE(near_retention(kHourMs, 3 * kHourMs));
  EXPECT_TRUE(near_retention(kHourMs / 2 - 1, kHourMs));
  EXPECT_FALSE(near_retention(kHourMs / 2, kHourMs)) << "half of an hour's retention stands for the hour";
  EXPECT_TRUE(near_retention(kHourMs - 1, std::nullopt));
  EXPECT_FALSE(near_retention(kHourMs, std::nullopt));
}

}  // namespace
}  // namespace headroom
