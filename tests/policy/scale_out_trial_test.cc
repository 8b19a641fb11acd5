#include "policy/scale_out_trial.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr int64_t kStartUpMs = kMinuteMs;

// A command at 2 consumers and 1,000 records a second, heeded half a minute later, and what was read from then on.
ScaleOutTrial tried(int64_t consumers, int64_t milli, int64_t until_ms, bool waiting = true) {
  ScaleOutTrial trial;
  trial.command(kStartMs, 2, 1'000'000);
  trial.observe({kStartMs + 10 * kSecondMs, 2, 1'000'000, true}, kStartUpMs);
  for (int64_t at_ms = 30 * kSecondMs; at_ms <= until_ms; at_ms += 5 * kSecondMs) {
    trial.observe({kStartMs + at_ms, consumers, milli, waiting}, kStartUpMs);
  }
  return trial;
}

constexpr int64_t kDeadlineMs = 30 * kSecondMs + kStartUpMs + 5 * kMinuteMs;

TEST(ScaleOutTrial, bars_for_an_hour_when_consumers_brought_less_than_a_tenth) {
  const ScaleOutTrial before = tried(3, 1'099'999, kDeadlineMs - 5 * kSecondMs);
  EXPECT_FALSE(before.bars(kStartMs + kDeadlineMs));
  const ScaleOutTrial trial = tried(3, 1'099'999, kDeadlineMs);
  EXPECT_TRUE(trial.bars(kStartMs + kDeadlineMs));
  EXPECT_TRUE(trial.bars(kStartMs + kDeadlineMs + kHourMs - 1));
  EXPECT_FALSE(trial.bars(kStartMs + kDeadlineMs + kHourMs));
}

TEST(ScaleOutTrial, ends_well_with_a_tenth_more_at_any_moment) {
  EXPECT_FALSE(tried(3, 1'100'000, kDeadlineMs + kHourMs).barred_until_ms);
  ScaleOutTrial trial = tried(3, 1'000'000, kDeadlineMs - kMinuteMs);
  trial.observe({kStartMs + kDeadlineMs - 30 * kSecondMs, 3, 1'100'000, true}, kStartUpMs);
  trial.observe({kStartMs + kDeadlineMs, 3, 1'000'000, true}, kStartUpMs);
  EXPECT_FALSE(trial.barred_until_ms);
}

TEST(ScaleOutTrial, asks_for_half_of_what_is_promised_where_that_is_less_than_a_tenth) {
  for (const auto& [milli, barred] : {std::pair{10'250'000, false}, std::pair{10'249'999, true}}) {
    ScaleOutTrial trial;
    trial.command(kStartMs, 20, 10'000'000);
    for (int64_t at_ms = 0; at_ms <= kDeadlineMs; at_ms += 5 * kSecondMs) trial.observe({kStartMs + at_ms, 21, milli, true}, kStartUpMs);
    EXPECT_EQ(trial.barred_until_ms.has_value(), barred) << milli;
  }
}

TEST(ScaleOutTrial, takes_no_rate_at_all_for_no_gain) {
  ScaleOutTrial trial;
  trial.command(kStartMs, 2, 0);
  for (int64_t at_ms = 0; at_ms <= kDeadlineMs; at_ms += 5 * kSecondMs) trial.observe({kStartMs + at_ms, 3, 0, true}, kStartUpMs);
  EXPECT_TRUE(trial.barred_until_ms);
}

TEST(ScaleOutTrial, proves_nothing_once_no_records_wait) {
  EXPECT_FALSE(tried(3, 1'000'000, kDeadlineMs + kHourMs, false).barred_until_ms);
}

TEST(ScaleOutTrial, proves_nothing_while_nobody_heeds_the_command) {
  ScaleOutTrial trial = tried(2, 1'000'000, kDeadlineMs + 30 * kMinuteMs);
  EXPECT_FALSE(trial.barred_until_ms);
  EXPECT_EQ(trial.consumers_before, 2);
  trial = tried(2, 1'000'000, kHourMs);
  EXPECT_EQ(trial.consumers_before, 0) << "what comes an hour later is no answer to it";
}

TEST(ScaleOutTrial, ends_when_the_consumers_are_as_few_as_before) {
  ScaleOutTrial trial = tried(3, 1'000'000, kMinuteMs);
  trial.observe({kStartMs + 2 * kMinuteMs, 2, 1'000'000, true}, kStartUpMs);
  trial.observe({kStartMs + kDeadlineMs, 3, 1'000'000, true}, kStartUpMs);
  EXPECT_FALSE(trial.barred_until_ms);
}

TEST(ScaleOutTrial, adds_one_and_a_tenth_at_most_after_one_that_did_not_help) {
  ScaleOutTrial trial = tried(3, 1'000'000, kDeadlineMs);
  EXPECT_TRUE(trial.vain());
  EXPECT_EQ(trial.limit(3, 60), 4);
  EXPECT_EQ(trial.limit(1, 60), 2);
  EXPECT_EQ(trial.limit(30, 60), 34);
  EXPECT_EQ(trial.limit(30, 32), 32);
  trial.observe({kStartMs + 2 * kHourMs, 3, 1'099'999, true}, kStartUpMs);
  EXPECT_TRUE(trial.vain());
  ScaleOutTrial drained = trial;
  trial.observe({kStartMs + 2 * kHourMs + 1, 3, 1'100'000, true}, kStartUpMs);
  EXPECT_FALSE(trial.vain());
  EXPECT_EQ(trial.limit(3, 60), 60);
  drained.observe({kStartMs + 2 * kHourMs + 1, 3, 1'000'000, false}, kStartUpMs);
  EXPECT_FALSE(drained.vain());
}

TEST(ScaleOutTrial, adds_nothing_during_a_trial_that_follows_one_in_vain) {
  ScaleOutTrial trial = tried(3, 1'000'000, kDeadlineMs);
  const int64_t again_ms = kStartMs + kDeadlineMs + kHourMs;
  EXPECT_FALSE(trial.bars(again_ms));
  trial.command(again_ms, 3, 1'000'000);
  EXPECT_FALSE(trial.bars(again_ms + 1)) << "a command that nobody heeds is said again";
  trial.observe({again_ms + kMinuteMs, 4, 1'000'000, true}, kStartUpMs);
  EXPECT_TRUE(trial.bars(again_ms + 2 * kMinuteMs));
  trial.observe({again_ms + 3 * kMinuteMs, 4, 1'200'000, true}, kStartUpMs);
  EXPECT_FALSE(trial.bars(again_ms + 4 * kMinuteMs));
}

TEST(ScaleOutTrial, is_not_put_off_by_further_commands) {
  ScaleOutTrial trial = tried(3, 1'000'000, 3 * kMinuteMs);
  trial.command(kStartMs + 3 * kMinuteMs, 3, 1'000'000);
  for (int64_t at_ms = 3 * kMinuteMs; at_ms <= kDeadlineMs; at_ms += 5 * kSecondMs) {
    trial.observe({kStartMs + at_ms, 4, 1'050'000, true}, kStartUpMs);
  }
  EXPECT_TRUE(trial.bars(kStartMs + kDeadlineMs));
}

}  // namespace
}  // namespace headroom
