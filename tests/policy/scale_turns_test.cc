#include "policy/scale_turns.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kStartMs = 1'767'571'200'000;

// As often out and in again as is allowed, an hour apart; gives the number of changes of direction.
int64_t turns_within(ScaleTurns& turns, int64_t from_hour, int64_t to_hour) {
  int64_t changes = 0;
  for (int64_t hour = from_hour; hour < to_hour; ++hour) {
    const Direction wanted = turns.last == Direction::kGrow ? Direction::kShrink : Direction::kGrow;
    if (!turns.allow(wanted, kStartMs + hour * kHourMs)) continue;
    changes += turns.last == Direction::kNone ? 0 : 1;
    turns.spend(wanted, kStartMs + hour * kHourMs);
  }
  return changes;
}

TEST(ScaleTurns, are_at_most_six_within_24_hours) {
  ScaleTurns turns;
  turns.spend(Direction::kShrink, kStartMs);
  EXPECT_EQ(turns_within(turns, 1, 24), 5) << "the sixth would be down, and leave none for going up again";
  EXPECT_EQ(turns.last, Direction::kGrow);
  ScaleTurns other;
  other.spend(Direction::kGrow, kStartMs);
  EXPECT_EQ(turns_within(other, 1, 24), 6);
  EXPECT_EQ(other.last, Direction::kGrow);
}

TEST(ScaleTurns, come_back_one_by_one_as_the_day_moves_on) {
  ScaleTurns turns;
  turns.spend(Direction::kGrow, kStartMs);
  EXPECT_EQ(turns_within(turns, 1, 7), 6);
  EXPECT_FALSE(turns.allow(Direction::kShrink, kStartMs + 25 * kHourMs)) << "one is free, two are wanted";
  EXPECT_TRUE(turns.allow(Direction::kShrink, kStartMs + 26 * kHourMs));
  EXPECT_EQ(turns.turns.size(), ScaleTurns::kMostTurns);
}

TEST(ScaleTurns, let_the_direction_that_holds_go_on) {
  ScaleTurns turns;
  turns.spend(Direction::kGrow, kStartMs);
  turns_within(turns, 1, 24);
  EXPECT_TRUE(turns.allow(Direction::kGrow, kStartMs + 8 * kHourMs));
  EXPECT_FALSE(turns.allow(Direction::kShrink, kStartMs + 8 * kHourMs));
  for (int i = 0; i < 100; ++i) turns.spend(Direction::kGrow, kStartMs + 9 * kHourMs);
  EXPECT_EQ(turns.turns.size(), ScaleTurns::kMostTurns);
}

TEST(ScaleTurns, begin_with_either_direction) {
  EXPECT_TRUE(ScaleTurns().allow(Direction::kShrink, kStartMs));
  EXPECT_TRUE(ScaleTurns().allow(Direction::kGrow, kStartMs));
}

}  // namespace
}  // namespace headroom
