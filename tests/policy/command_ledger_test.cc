#include "policy/command_ledger.h"

#include <gtest/gtest.h>

#include <string>

#include "policy/patience.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int64_t kNoon = 20'000 * kDayMs + 12 * kHourMs;

TEST(CommandLedger, holds_a_change_under_a_tenth_back) {
  const CommandLedger ledger;
  const CommandLimits limits;
  EXPECT_EQ(ledger.against(limits, kNoon, 1000, 901), Suppression::kMinChange);
  EXPECT_EQ(ledger.against(limits, kNoon, 1000, 900), Suppression::kNone);
  EXPECT_EQ(ledger.against(limits, kNoon, 1000, 1099), Suppression::kMinChange);
  EXPECT_EQ(ledger.against(limits, kNoon, 1000, 1100), Suppression::kNone);
}

TEST(CommandLedger, cools_down_after_a_command) {
  CommandLedger ledger;
  const CommandLimits limits;
  ledger.spend(kNoon, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + 10 * kMinuteMs - 1, 500, 250), Suppression::kCooldown);
  EXPECT_EQ(ledger.against(limits, kNoon + 10 * kMinuteMs, 500, 250), Suppression::kNone);
  EXPECT_EQ(ledger.against(limits, kNoon - kHourMs, 500, 250), Suppression::kCooldown);
}

TEST(CommandLedger, does_not_repeat_what_nobody_heeds_for_six_hours) {
  CommandLedger ledger;
  const CommandLimits limits;
  ledger.spend(kNoon, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + kHourMs, 1000, 500), Suppression::kUnheeded);
  EXPECT_EQ(ledger.against(limits, kNoon + kHourMs, 1000, 600), Suppression::kNone);
  EXPECT_EQ(ledger.against(limits, kNoon + kHourMs, 1001, 500), Suppression::kNone);
  EXPECT_EQ(ledger.against(limits, kNoon + 6 * kHourMs, 1000, 500), Suppression::kNone);
}

TEST(CommandLedger, counts_the_budget_by_the_day_of_event_time) {
  CommandLedger ledger;
  CommandLimits limits;
  limits.budget = 2;
  ledger.spend(kNoon, 1000, 500);
  ledger.spend(kNoon + kHourMs, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + 7 * kHourMs, 2000, 500), Suppression::kBudget);
  EXPECT_EQ(ledger.against(limits, kNoon + 12 * kHourMs, 2000, 500), Suppression::kNone);
  // A kill that is told late falls on its own day, and takes nothing from the others.
  ledger.spend(kNoon + 13 * kHourMs, 1000, 500);
  ledger.spend(kNoon + 2 * kHourMs, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + 14 * kHourMs, 2000, 500), Suppression::kNone);
  ledger.spend(kNoon + 14 * kHourMs, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + 15 * kHourMs, 2000, 500), Suppression::kBudget);
}

TEST(CommandLedger, names_the_first_reason_that_holds) {
  CommandLedger ledger;
  CommandLimits limits;
  limits.budget = 1;
  ledger.spend(kNoon, 1000, 500);
  EXPECT_EQ(ledger.against(limits, kNoon + kMinuteMs, 1000, 950), Suppression::kMinChange);
  EXPECT_EQ(ledger.against(limits, kNoon + kMinuteMs, 1000, 500), Suppression::kCooldown);
  EXPECT_EQ(ledger.against(limits, kNoon + kHourMs, 1000, 500), Suppression::kUnheeded);
  EXPECT_EQ(ledger.against(limits, kNoon + kHourMs, 1000, 600), Suppression::kBudget);
}

TEST(CommandLedger, comes_back_from_its_bytes) {
  CommandLedger ledger;
  for (int day = 0; day < 9; ++day) ledger.spend(kNoon + day * kDayMs, 1000 + day, 500);
  std::string bytes;
  ByteWriter writer(bytes);
  ledger.save(writer);
  CommandLedger restored;
  ByteReader reader(bytes);
  ASSERT_TRUE(restored.load(reader) && reader.empty());
  CommandLimits limits;
  limits.budget = 1;
  EXPECT_EQ(restored.against(limits, kNoon + 8 * kDayMs + kHourMs, 1008, 500), Suppression::kUnheeded);
  EXPECT_EQ(restored.against(limits, kNoon + 8 * kDayMs + kHourMs, 2000, 500), Suppression::kBudget);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(std::string_view(bytes).substr(0, size));
    CommandLedger other;
    EXPECT_FALSE(other.load(cut)) << size;
  }
}

TEST(Patience, agrees_after_so_many_in_a_row) {
  Patience patience;
  EXPECT_FALSE(patience.agree(Direction::kShrink, 3));
  EXPECT_FALSE(patience.agree(Direction::kShrink, 3));
  EXPECT_TRUE(patience.agree(Direction::kShrink, 3));
  EXPECT_TRUE(patience.agree(Direction::kShrink, 3));  // a command that was held back does not start it anew
  patience.start_anew();
  EXPECT_FALSE(patience.agree(Direction::kShrink, 3));
}

TEST(Patience, takes_a_turn_as_the_first_of_the_new_direction) {
  Patience patience;
  EXPECT_FALSE(patience.agree(Direction::kShrink, 2));
  EXPECT_FALSE(patience.agree(Direction::kGrow, 2));
  EXPECT_TRUE(patience.agree(Direction::kGrow, 2));
  EXPECT_FALSE(patience.agree(Direction::kNone, 2));
  EXPECT_FALSE(patience.agree(Direction::kGrow, 2));
}

}  // namespace
}  // namespace headroom
