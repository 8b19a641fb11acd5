#include "policy/start_up_times.h"

#include <gtest/gtest.h>

#include "headroom/state.h"

namespace headroom {
namespace {

constexpr int64_t kConfiguredMs = 90'000;

void start(StartUpTimes& times, int64_t at_ms, int64_t took_ms) {
  times.command(at_ms, 3, 5);
  times.observe(at_ms + took_ms - 1, 4);
  times.observe(at_ms + took_ms, 5);
}

TEST(StartUpTimes, are_the_configured_one_until_five_are_seen) {
  StartUpTimes times;
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(times.start_up_ms(kConfiguredMs), kConfiguredMs);
    start(times, i * 1'000'000, 30'000 + i);
  }
  EXPECT_EQ(times.start_up_ms(kConfiguredMs), 30'004);
}

TEST(StartUpTimes, are_the_90th_percentile_of_the_last_twenty) {
  StartUpTimes times;
  start(times, 0, 3'000'000);
  for (int64_t i = 1; i <= 20; ++i) start(times, i * 10'000'000, i * 1000);
  EXPECT_EQ(times.times_ms.size(), 20U);
  EXPECT_EQ(times.start_up_ms(kConfiguredMs), 18'000);
}

TEST(StartUpTimes, learn_nothing_from_a_command_that_is_taken_back_or_never_reached) {
  StartUpTimes times;
  times.command(0, 3, 5);
  times.command(10'000, 3, 3);
  times.observe(20'000, 5);
  EXPECT_TRUE(times.times_ms.empty());
  times.command(30'000, 3, 5);
  times.observe(30'000 + StartUpTimes::kGiveUpMs + 1, 4);
  times.observe(30'000 + StartUpTimes::kGiveUpMs + 2, 5);
  EXPECT_TRUE(times.times_ms.empty());
}

TEST(StartUpTimes, count_from_the_first_command_that_waits) {
  StartUpTimes times;
  times.command(0, 3, 5);
  times.command(10'000, 3, 8);
  times.observe(40'000, 5);
  ASSERT_EQ(times.times_ms.size(), 1U);
  EXPECT_EQ(times.times_ms[0], 40'000);
}

TEST(StartUpTimes, go_on_after_a_crash_between_command_and_start) {
  StartUpTimes times;
  times.command(0, 3, 5);
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(times, writer);
  StartUpTimes back;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(back, bytes, dropped));
  back.observe(70'000, 5);
  EXPECT_EQ(back.times_ms, std::vector<int64_t>{70'000});
}

}  // namespace
}  // namespace headroom
