#include "cli/scale_explain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/lag_explain.h"
#include "lag_standings.h"

namespace headroom::testing {
namespace {

using Lines = std::vector<std::string>;

const std::string kCaveat = "      judged by what --since reads; a worker has seen more, and what it found is headroom_lag_scaling_outcome";

TEST(ScaleExplain, shows_what_a_group_has_and_needs_the_sum_and_why_it_holds) {
  EXPECT_EQ(
      scale_lines(assessed("pay", ScaleOutcome::kStabilising)),
      (Lines{"  scaling  has 4 consumers, needs 6; 12 can have a partition, 2 to 10 are allowed",
             "      (1200/s produced + 360000 records of lag / 10m) / 400.0/s of one = 5 rounded up; 6 to deal out partitions whole; the "
             "rate of one is of 14 minutes",
             "      holds, stabilising: more are wanted, but have not been throughout stabilise_out yet", kCaveat}));
  ScaleAssessment wanted = assessed("pay", ScaleOutcome::kCooldown);
  wanted.desired = 6;
  EXPECT_EQ(scale_lines(wanted).at(2), "      holds instead of going to 6, cooldown: the last command is younger than start_up, 1m");
}

TEST(ScaleExplain, says_what_is_asked_for_and_whether_it_is_for_carrying_out) {
  ScaleAssessment s = assessed("pay", ScaleOutcome::kCommand);
  s.desired = 6;
  EXPECT_EQ(scale_lines(s).at(2), "      command: commands 6 consumers");
  s.mode = ActionMode::kPropose;
  s.desired = 1;
  EXPECT_EQ(scale_lines(s).at(2), "      command: proposes 1 consumer");
}

TEST(ScaleExplain, leaves_out_what_is_not_known_and_says_what_it_is) {
  EXPECT_EQ(scale_lines(assessed("pay", ScaleOutcome::kUnknownMembers)),
            (Lines{"  scaling  has an unknown number of consumers", "      holds, unknown_members: how many members it has cannot be told",
                   kCaveat}));
  ScaleAssessment blind = assessed("pay", ScaleOutcome::kMissingData);
  blind.current = 1;
  EXPECT_EQ(scale_lines(blind),
            (Lines{"  scaling  has 1 consumer", "      holds, missing_data: lag or rates of a partition are not known now", kCaveat}));
  ScaleAssessment fresh = assessed("pay", ScaleOutcome::kNotMeasured);
  fresh.busy_minutes = 1;
  EXPECT_EQ(scale_lines(fresh),
            (Lines{"  scaling  has 4 consumers; 12 can have a partition, 2 to 10 are allowed",
                   "      holds, not_measured: what one consumer can read is not measured: that takes 5 minutes in which every assigned "
                   "partition is behind, and 1 was seen",
                   kCaveat}));
}

TEST(ScaleExplain, tells_both_directions_and_the_kinds_of_enough_apart) {
  const auto reason = [](ScaleOutcome outcome, int64_t current, int64_t needed, int64_t with_room) {
    ScaleAssessment s = assessed("pay", outcome);
    s.current = s.desired = current;
    s.needed = needed;
    s.needed_with_room = with_room;
    return scale_reason(s);
  };
  EXPECT_EQ(reason(ScaleOutcome::kSteady, 6, 6, 6), "it has as many as it needs");
  EXPECT_EQ(reason(ScaleOutcome::kSteady, 6, 4, 6), "it has as many as it needs with a tenth of room");
  EXPECT_EQ(reason(ScaleOutcome::kSteady, 2, 1, 1), "it has as few as min allows");
  EXPECT_EQ(reason(ScaleOutcome::kStabilising, 8, 4, 6), "fewer are wanted, but have not been throughout stabilise_in yet");
  EXPECT_EQ(reason(ScaleOutcome::kStabilising, 1, 1, 1), "more are wanted, but have not been throughout stabilise_out yet") << "by min";
}

TEST(ScaleExplain, has_a_sentence_for_every_outcome) {
  for (int i = 0; i <= static_cast<int>(ScaleOutcome::kCommand); ++i) {
    const auto outcome = static_cast<ScaleOutcome>(i);
    EXPECT_FALSE(scale_reason(assessed("pay", outcome)).empty()) << scale_outcome_name(outcome);
  }
}

void tell(LagBoard& board, bool scaled) {
  const LagObservers observers = board.observers();
  observers.partition(lane(0), on_partition("pay", "orders", 0, LagVerdict::kFallingBehind, 500, 35'000));
  observers.partition(lane(0), end_of_tick());
  LagGroupStanding whole;
  whole.cluster = "prod";
  whole.group = "pay";
  whole.verdict = LagVerdict::kFallingBehind;
  observers.group(lane(0), whole);
  if (scaled)
    for (const char* group : {"pay", "ship"}) observers.scaling(lane(0), assessed(group, ScaleOutcome::kNoGain));
}

TEST(ScaleExplain, stands_between_a_group_that_is_scaled_and_its_partitions) {
  LagBoard scaled("pay");
  tell(scaled, true);
  const Lines lines = explain_lines(scaled.groups(), scaled.partitions(), 0, 90'000);
  EXPECT_EQ(lines.at(1), "  scaling  has 4 consumers, needs 6; 12 can have a partition, 2 to 10 are allowed");
  EXPECT_TRUE(lines.at(3).starts_with("      holds, no_gain: the last scale-out did not make it read more")) << lines.at(3);
  EXPECT_TRUE(lines.at(5).starts_with("  orders/0  falling_behind")) << lines.at(5);
  ASSERT_EQ(scaled.groups().size(), 1u) << "no other group";
  LagBoard alone("pay");
  tell(alone, false);
  EXPECT_TRUE(explain_lines(alone.groups(), alone.partitions(), 0, 90'000).at(1).starts_with("  orders/0"));
  EXPECT_FALSE(alone.groups().at(0).scaling);
}

TEST(ScaleExplain, writes_json_with_null_for_what_is_not_known) {
  LagBoard board("pay");
  tell(board, true);
  LagGroupRow row = board.groups().at(0);
  const auto json = nlohmann::json::parse(scale_json(row));
  EXPECT_EQ(json["time"], "2024-11-22T08:00:00Z");
  EXPECT_EQ(json["group"], "pay");
  EXPECT_EQ(json["scaling"]["outcome"], "no_gain");
  EXPECT_EQ(json["scaling"]["why"], scale_reason(*row.scaling));
  EXPECT_EQ(json["scaling"]["mode"], "apply");
  EXPECT_EQ(json["scaling"]["current"], 4);
  EXPECT_EQ(json["scaling"]["needed"], 6);
  EXPECT_EQ(json["scaling"]["uncapped"], 5);
  EXPECT_EQ(json["scaling"]["max_useful"], 12);
  EXPECT_EQ(json["scaling"]["produced_per_second"], 1200.0);
  EXPECT_EQ(json["scaling"]["rate_of_one_per_second"], 400.0);
  EXPECT_EQ(json["scaling"]["catch_up_seconds"], 600.0);
  row.scaling->outcome = ScaleOutcome::kNotMeasured;
  const auto fresh = nlohmann::json::parse(scale_json(row))["scaling"];
  EXPECT_EQ(fresh["max_useful"], 12);
  EXPECT_TRUE(fresh["needed"].is_null());
  EXPECT_TRUE(fresh["rate_of_one_per_second"].is_null());
  row.scaling->outcome = ScaleOutcome::kUnknownMembers;
  EXPECT_TRUE(nlohmann::json::parse(scale_json(row))["scaling"]["current"].is_null());
}

}  // namespace
}  // namespace headroom::testing
