// When LagScaling asks for how many consumers, rule by rule.

#include "operators/lag_scaling.h"

#include <gtest/gtest.h>

#include "operators/scaling_standing.h"

namespace headroom::testing {
namespace {

// Five consumers that drain what four would just read.
void five(LagGroupStanding& standing) {
  standing.members = 5;
  drain(standing);
}

TEST(LagScaling, asks_for_what_reads_the_load_and_drains_the_lag_in_time) {
  ScaledGroup group;
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 8 * kMinuteMs));
  const ScaleAction& command = group.commands().at(0);
  EXPECT_EQ(command.current, 1);
  EXPECT_EQ(command.desired, 5);  // (4000 + 500000 / 600) / 1000
  EXPECT_EQ(command.uncapped, 5);
  EXPECT_EQ(command.max_useful, 60);
  EXPECT_EQ(command.lower, 1);
  EXPECT_EQ(command.upper, 60);
  EXPECT_EQ(command.code, "too_few_consumers");
  EXPECT_EQ(command.mode, ActionMode::kApply);
  EXPECT_EQ(command.target, "prod/kafka/ConsumerGroup/payments");
  EXPECT_EQ(command.expiry_ms, command.time_ms + 5 * kMinuteMs);
  EXPECT_EQ(std::get<GroupEvidence>(command.evidence).rate_of_one_milli, 1'000'000);
  EXPECT_EQ(std::get<GroupEvidence>(command.evidence).verdict, "falling_behind");
}

TEST(LagScaling, holds_until_five_busy_minutes_were_measured) {
  ScaledGroup group;
  EXPECT_EQ(group.run(5 * kMinuteMs).outcome, ScaleOutcome::kNotMeasured);
  group.tick();
  EXPECT_NE(group.last().outcome, ScaleOutcome::kNotMeasured);
  EXPECT_EQ(group.last().rate_of_one_milli, 1'000'000);
}

TEST(LagScaling, measures_only_while_every_assigned_partition_is_behind_and_nothing_moves) {
  using Change = std::function<void(LagGroupStanding&)>;
  const std::pair<const char*, Change> kChanges[] = {
      {"one partition keeps pace", [](auto& s) { s.assigned_behind = 59; }},
      {"nothing is known of assignments", [](auto& s) { s.assigned.reset(); }},
      {"nothing is assigned", [](auto& s) { s.assigned = s.assigned_behind = 0; }},
      {"it rebalances", [](auto& s) { s.group_state = "PreparingRebalance"; }},
      {"a partition is missing", [](auto& s) { s.missing = 1; }},
      {"the group's rate is not known", [](auto& s) { s.consumed_milli.reset(); }},
  };
  for (const auto& [what, change] : kChanges) {
    ScaledGroup group;
    group.run(30 * kMinuteMs, change);
    EXPECT_TRUE(group.state().rate.minutes.empty()) << what;
  }
  ScaledGroup restless;
  for (int32_t i = 0; i < 60; ++i) restless.run(30 * kSecondMs, [i](auto& s) { s.members = 1 + i % 2; });
  EXPECT_TRUE(restless.state().rate.minutes.empty()) << "new consumers start up all the time";
}

TEST(LagScaling, does_not_measure_consumers_that_start_up) {
  ScaledGroup group;
  for (int32_t minute = 0; minute < 30; ++minute) group.run(kMinuteMs, [minute](auto& s) { s.members = 1 + minute % 2; });
  EXPECT_EQ(group.state().rate.minutes.size(), 1u) << "the minute before they began to change";
}

TEST(LagScaling, divides_the_rate_by_the_members_that_can_have_a_partition) {
  for (const auto& [assignor, of_one] : {std::pair{Assignor::kRange, 250'000}, std::pair{Assignor::kUniform, 125'000}}) {
    ScaledGroup group(scaled_group([assignor = assignor](auto& rule) { rule.assignor = assignor; }));
    group.run(6 * kMinuteMs, [](auto& s) { s.members = 8, s.widest_topic = 4; });
    EXPECT_EQ(group.state().rate.rate_milli(), of_one);
  }
}

TEST(LagScaling, holds_with_a_reason_while_something_is_not_known) {
  using Change = std::function<void(LagGroupStanding&)>;
  const std::pair<ScaleOutcome, Change> kChanges[] = {
      {ScaleOutcome::kUnknownMembers, [](auto& s) { s.members.reset(); }},
      {ScaleOutcome::kNoMembers, [](auto& s) { s.members = 0; }},
      {ScaleOutcome::kRebalancing, [](auto& s) { s.group_state = "CompletingRebalance"; }},
      {ScaleOutcome::kRebalancing, [](auto& s) { s.group_state = "Reconciling"; }},
      {ScaleOutcome::kMissingData, [](auto& s) { s.missing = 1; }},
      {ScaleOutcome::kMissingData, [](auto& s) { s.lag_records.reset(); }},
      {ScaleOutcome::kMissingData, [](auto& s) { s.produced_milli.reset(); }},
      {ScaleOutcome::kMissingData, [](auto& s) { s.consumed_milli.reset(); }},
      {ScaleOutcome::kMissingData, [](auto& s) { s.partitions = s.widest_topic = 0; }},
  };
  for (const auto& [outcome, change] : kChanges) {
    ScaledGroup group;
    group.measure();
    for (int i = 0; i < 60; ++i) {
      const auto made = group.tick(change);
      ASSERT_TRUE(made);
      EXPECT_EQ(made->outcome, outcome) << scale_outcome_name(made->outcome);
    }
    EXPECT_TRUE(group.commands().empty());
  }
}

TEST(LagScaling, asks_for_no_more_than_can_have_a_partition) {
  const auto two_topics = [](LagGroupStanding& s) {
    s.partitions = 7;
    s.widest_topic = 4;
    s.produced_milli = 9'000'000;
  };
  for (const auto& [assignor, most] : {std::pair{Assignor::kRange, 4}, std::pair{Assignor::kRoundRobin, 7}, std::pair{Assignor::kSticky, 7},
                                       std::pair{Assignor::kCooperativeSticky, 7}, std::pair{Assignor::kUniform, 7}}) {
    ScaledGroup group(scaled_group([assignor = assignor](auto& rule) { rule.assignor = assignor; }));
    ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, two_topics));
    EXPECT_EQ(group.commands()[0].desired, most);
    EXPECT_EQ(group.commands()[0].max_useful, most);
    EXPECT_EQ(group.commands()[0].uncapped, 10);
    const auto at_most = [&, most = most](LagGroupStanding& s) {
      two_topics(s);
      s.members = most;
      s.consumed_milli = most * 1'000'000;
    };
    EXPECT_EQ(group.run(10 * kMinuteMs, at_most).outcome, ScaleOutcome::kPartitions);
    EXPECT_EQ(group.commands().size(), 1u);
  }
}

TEST(LagScaling, asks_for_as_many_as_whole_partitions_need) {
  ScaledGroup group;
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, [](auto& s) { s.partitions = s.widest_topic = 12; }));
  EXPECT_EQ(group.commands()[0].uncapped, 5);
  EXPECT_EQ(group.commands()[0].desired, 6) << "with five some would have three partitions, as with four";
}

TEST(LagScaling, keeps_within_min_and_max) {
  ScaledGroup few(scaled_group([](auto& rule) { rule.most = 3; }));
  ASSERT_TRUE(few.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(few.commands()[0].desired, 3);
  EXPECT_EQ(few.run(5 * kMinuteMs, [](auto& s) { s.members = 3, s.consumed_milli = 3'000'000; }).outcome, ScaleOutcome::kMost);

  ScaledGroup many(scaled_group([](auto& rule) { rule.least = 8; }));
  ASSERT_TRUE(many.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(many.commands()[0].desired, 8);
  EXPECT_EQ(many.commands()[0].lower, 8);
  EXPECT_EQ(many.run(2 * kHourMs, [](auto& s) { s.members = 8, drain(s); }).outcome, ScaleOutcome::kSteady);

  ScaledGroup narrow(scaled_group([](auto& rule) { rule.least = 20; }));
  ASSERT_TRUE(narrow.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, [](auto& s) { s.partitions = s.widest_topic = 12; }));
  EXPECT_EQ(narrow.commands()[0].desired, 12) << "min does not make partitions";
}

TEST(LagScaling, goes_out_only_for_a_need_that_lasts) {
  ScaledGroup group(scaled_group([](auto& rule) { rule.out_window_ms = 2 * kMinuteMs; }));
  group.measure();
  const int64_t measured_ms = group.now_ms();
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_GE(group.now_ms() - measured_ms, 2 * kMinuteMs);

  ScaledGroup blips(scaled_group([](auto& rule) { rule.out_window_ms = 2 * kMinuteMs; }));
  blips.measure();
  const auto quiet = [](LagGroupStanding& s) { drain(s), s.produced_milli = s.consumed_milli = 500'000; };
  for (int i = 0; i < 20; ++i) {
    blips.run(kMinuteMs);
    blips.run(10 * kSecondMs, quiet);
  }
  EXPECT_TRUE(blips.commands().empty()) << "each minute and a bit there is a moment without need";
}

TEST(LagScaling, goes_out_to_the_least_and_in_to_the_most_that_was_needed_within_the_window) {
  ScaledGroup group;
  group.measure();
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs,
                          [&](auto& s) { s.produced_milli = group.now_ms() % (20 * kSecondMs) == 0 ? 2'000'000 : 7'000'000; }));
  EXPECT_EQ(group.commands()[0].desired, 3);

  ScaledGroup wide;
  wide.measure();
  const auto ten = [&](LagGroupStanding& s) {
    s.members = 10;
    s.produced_milli = wide.now_ms() % (15 * kMinuteMs) == 0 ? 5'000'000 : 1'500'000;
    drain(s);
  };
  ASSERT_TRUE(wide.reach(ScaleOutcome::kCommand, kHourMs, ten));
  EXPECT_EQ(wide.commands()[0].code, "too_many_consumers");
  EXPECT_EQ(wide.commands()[0].desired, 6) << "5,000 a second with a tenth of room";
}

TEST(LagScaling, goes_in_only_after_a_whole_window) {
  ScaledGroup group;
  group.measure();
  const int64_t from_ms = group.now_ms();
  const auto idle = [](LagGroupStanding& s) { five(s), s.produced_milli = s.consumed_milli = 1'000'000; };
  EXPECT_EQ(group.run(20 * kMinuteMs, idle).outcome, ScaleOutcome::kStabilising);
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, kHourMs, idle));
  EXPECT_GE(group.now_ms() - from_ms, 30 * kMinuteMs);
  EXPECT_LE(group.now_ms() - from_ms, 32 * kMinuteMs);
  EXPECT_EQ(group.commands()[0].desired, 2);
}

TEST(LagScaling, keeps_a_tenth_of_room_when_going_in) {
  for (const auto& [produced, desired] : {std::pair{2'700'000, 3}, std::pair{2'700'001, 4}}) {
    ScaledGroup group;
    group.measure();
    const auto quieter = [produced = produced](LagGroupStanding& s) { five(s), s.produced_milli = s.consumed_milli = produced; };
    ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, kHourMs, quieter));
    EXPECT_EQ(group.commands()[0].desired, desired);
  }
  ScaledGroup group;
  group.measure();
  EXPECT_EQ(group.run(2 * kHourMs, five).outcome, ScaleOutcome::kSteady) << "four would just do";
  EXPECT_TRUE(group.commands().empty());
}

TEST(LagScaling, never_goes_in_while_the_lag_does_not_fall) {
  ScaledGroup group;
  group.measure();
  const auto behind = [](LagGroupStanding& s) {
    five(s);
    s.produced_milli = s.consumed_milli = 1'000'000;
    s.behind = 1;
    s.lag_records = 1000;
  };
  EXPECT_EQ(group.run(2 * kHourMs, behind).outcome, ScaleOutcome::kLagNotFalling);
  EXPECT_TRUE(group.commands().empty());
  int64_t lag_records = 1000;
  const auto falling = [&](LagGroupStanding& s) { behind(s), s.lag_records = lag_records > 0 ? --lag_records : 0; };
  EXPECT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, falling));
}

TEST(LagScaling, goes_no_further_out_for_an_hour_when_it_did_not_help) {
  ScaledGroup group;
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  const int64_t commanded_ms = group.now_ms();
  // Five read what one did: something else is the bottleneck. The lag grows, and with it the need.
  const auto vain = [&](LagGroupStanding& s) {
    s.members = 5;
    s.produced_milli = 8'000'000;
  };
  ASSERT_TRUE(group.reach(ScaleOutcome::kNoGain, kHourMs, vain));
  const size_t commands = group.commands().size();
  const int64_t barred_ms = group.now_ms();
  EXPECT_LE(barred_ms - commanded_ms, 7 * kMinuteMs);
  EXPECT_EQ(group.run(kHourMs - kMinuteMs, vain).outcome, ScaleOutcome::kNoGain);
  EXPECT_EQ(group.commands().size(), commands);
  EXPECT_TRUE(group.reach(ScaleOutcome::kCommand, 2 * kMinuteMs, vain)) << "then it is tried again";
  EXPECT_EQ(group.commands().back().desired, 6) << "one more, not the nine that load and lag ask for";
  EXPECT_EQ(group.last().rate_of_one_milli, 1'000'000) << "nothing was learned of consumers that wait for something else";
}

TEST(LagScaling, takes_a_scale_out_after_which_no_records_wait_for_no_failure) {
  ScaledGroup group;
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  group.run(10 * kMinuteMs, [](auto& s) { s.members = 5, s.produced_milli = 1'000'000, drain(s); });
  EXPECT_FALSE(group.state().trial.barred_until_ms);
  EXPECT_TRUE(group.reach(ScaleOutcome::kCommand, 3 * kMinuteMs,
                          [](auto& s) { s.members = 5, s.produced_milli = 9'000'000, s.consumed_milli = 5'000'000; }));
}

TEST(LagScaling, tries_nothing_out_by_going_in) {
  ScaledGroup group;
  group.measure();
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, kHourMs, [](auto& s) { s.members = 5, s.produced_milli = 1'000'000, drain(s); }));
  ASSERT_EQ(group.commands()[0].code, "too_many_consumers");
  group.run(20 * kMinuteMs, [](auto& s) { s.members = 8, s.lag_records = 0; });
  EXPECT_FALSE(group.state().trial.barred_until_ms) << "somebody else added consumers";
}

TEST(LagScaling, changes_its_direction_at_most_six_times_a_day) {
  ScaledGroup group(scaled_group([](auto& rule) { rule.in_window_ms = kMinuteMs; }));
  group.measure();
  bool held = false;
  for (int64_t quarter = 0; quarter < 4 * 23; ++quarter) {
    const bool high = quarter % 2 == 0;
    group.run(15 * kMinuteMs, [high](auto& s) {
      s.members = high ? 1 : 5;
      if (!high) s.produced_milli = 500'000, drain(s);
    });
    held = held || group.last().outcome == ScaleOutcome::kTurns;
  }
  int64_t turns = 0;
  for (size_t i = 1; i < group.commands().size(); ++i) turns += group.commands()[i].code != group.commands()[i - 1].code ? 1 : 0;
  EXPECT_EQ(turns, 6);
  EXPECT_TRUE(held);
  EXPECT_EQ(group.commands().back().code, "too_few_consumers") << "it is not left too small for the rest of the day";
}

TEST(LagScaling, holds_changes_that_are_not_worth_it) {
  ScaledGroup group;
  group.measure();
  const auto twenty = [](LagGroupStanding& s) {
    s.partitions = s.widest_topic = 4200;
    s.members = 20;
    s.lag_records = 0;
    s.produced_milli = 21'000'000;
    s.consumed_milli = 20'000'000;
  };
  EXPECT_EQ(group.run(10 * kMinuteMs, twenty).outcome, ScaleOutcome::kMinChange);
  const auto more = [&](LagGroupStanding& s) { twenty(s), s.produced_milli = 22'000'000; };
  EXPECT_TRUE(group.reach(ScaleOutcome::kCommand, 3 * kMinuteMs, more));
}

TEST(LagScaling, leaves_new_consumers_time_to_start) {
  ScaledGroup group(scaled_group([](auto& rule) { rule.start_up_ms = 3 * kMinuteMs; }));
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  const int64_t commanded_ms = group.now_ms();
  const auto more = [](LagGroupStanding& s) { s.produced_milli = 9'000'000; };
  ASSERT_TRUE(group.reach(ScaleOutcome::kCooldown, 2 * kMinuteMs, more));
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, more));
  EXPECT_EQ(group.now_ms() - commanded_ms, 3 * kMinuteMs);
  EXPECT_EQ(group.commands()[1].desired, 10);
}

TEST(LagScaling, repeats_a_command_that_nobody_heeds) {
  ScaledGroup group;
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(group.run(14 * kMinuteMs).outcome, ScaleOutcome::kUnheeded);
  EXPECT_EQ(group.commands().size(), 1u);
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 2 * kMinuteMs));
  EXPECT_EQ(group.commands()[1].desired, group.commands()[0].desired);
  EXPECT_EQ(group.commands()[1].time_ms - group.commands()[0].time_ms, 15 * kMinuteMs);
}

TEST(LagScaling, starts_its_windows_anew_after_a_silence_of_the_source) {
  ScaledGroup group;
  group.measure();
  const auto idle = [](LagGroupStanding& s) { five(s), s.produced_milli = s.consumed_milli = 1'000'000; };
  group.run(29 * kMinuteMs, idle);
  group.silence(10 * kMinuteMs);
  EXPECT_EQ(group.run(29 * kMinuteMs, idle).outcome, ScaleOutcome::kStabilising);
  EXPECT_TRUE(group.reach(ScaleOutcome::kCommand, 2 * kMinuteMs, idle));
}

TEST(LagScaling, leaves_groups_that_no_rule_fits_alone) {
  ScaledGroup group;
  EXPECT_FALSE(group.tick([](auto& s) { s.group = "refunds"; }));
  ScaledGroup none{LagScalingParams{}};
  EXPECT_FALSE(none.tick());
}

TEST(LagScaling, takes_the_first_rule_that_fits) {
  LagScalingParams params = scaled_group([](auto& rule) { rule.most = 2; });
  params.groups.push_back(params.groups[0]);
  params.groups[1].group = "**";
  params.groups[1].most = 3;
  ScaledGroup group(params);
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(group.commands()[0].desired, 2);
  ScaledGroup other(params);
  ASSERT_TRUE(other.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, [](auto& s) { s.group = "refunds"; }));
  EXPECT_EQ(other.commands()[0].desired, 3);
}

TEST(LagScaling, puts_cluster_and_group_into_the_configured_target) {
  ScaledGroup group(scaled_group([](auto& rule) { rule.target = "eu/{cluster}/Deployment/{group}-app"; }));
  ASSERT_TRUE(group.reach(ScaleOutcome::kCommand, 10 * kMinuteMs, [](auto& s) { s.group = "pay{cluster}"; }));
  EXPECT_EQ(group.commands()[0].target, "eu/prod/Deployment/pay{cluster}-app");
}

TEST(LagScaling, proposes_when_the_rule_or_the_installation_says_so) {
  ScaledGroup proposed(scaled_group([](auto& rule) { rule.mode = ActionMode::kPropose; }));
  ASSERT_TRUE(proposed.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(proposed.commands()[0].mode, ActionMode::kPropose);
  LagScalingParams params = scaled_group();
  params.propose_only = true;
  ScaledGroup everywhere(params);
  ASSERT_TRUE(everywhere.reach(ScaleOutcome::kCommand, 10 * kMinuteMs));
  EXPECT_EQ(everywhere.commands()[0].mode, ActionMode::kPropose);
}

TEST(LagScaling, forgets_a_group_that_is_forgotten) {
  ScaledGroup group;
  group.measure();
  EXPECT_FALSE(group.tick([](auto& s) { s.forgotten = true; }));
  EXPECT_FALSE(group.state().rate.rate_milli());
  EXPECT_EQ(group.state().time_ms, 0);
}

TEST(LagScaling, ignores_a_standing_that_is_not_newer) {
  ScaledGroup group;
  group.run(kMinuteMs);
  const int64_t last_ms = group.last().time_ms;
  EXPECT_FALSE(group.tick([=](auto& s) { s.time_ms = last_ms; }));
  EXPECT_TRUE(group.tick([=](auto& s) { s.time_ms = last_ms + 1; }));
}

TEST(ScaleOutcome, has_a_reason_for_every_hold) {
  for (int i = 0; i <= static_cast<int>(ScaleOutcome::kCommand); ++i) {
    const auto outcome = static_cast<ScaleOutcome>(i);
    const bool hold = outcome != ScaleOutcome::kSteady && outcome != ScaleOutcome::kCommand;
    EXPECT_EQ(!hold_reason(outcome).empty(), hold) << scale_outcome_name(outcome);
  }
  EXPECT_EQ(hold_reason(ScaleOutcome::kNoGain), "no_gain");
  EXPECT_EQ(hold_reason(ScaleOutcome::kNotMeasured), "not_measured");
  EXPECT_EQ(hold_reason(ScaleOutcome::kMost), "max");
  EXPECT_EQ(scale_outcome_name(ScaleOutcome::kCommand), "command");
}

}  // namespace
}  // namespace headroom::testing
