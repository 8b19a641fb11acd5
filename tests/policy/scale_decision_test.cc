#include "policy/scale_decision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "headroom/state.h"
#include "policy/service_model.h"

namespace headroom {
namespace {

constexpr int64_t kTickMs = 15'000;
constexpr int64_t kStartMs = 1'767'571'200'000;

ScaleDecisionParams plain() {
  ScaleDecisionParams params;
  params.capacity = 100;
  params.capacity_policy.target_utilisation = 1;
  params.target = {.highest = 0.8, .lowest = 0.8};
  params.most_premium = 10;
  params.in_window_ms = 300'000;
  params.out_room = 0;
  params.min_change_out = params.min_change_forecast = params.min_change_in = 0.1;
  params.surprise.a_day = 0;
  params.proof = false;
  return params;
}

ForecastView flat(int64_t origin_ms, double value) {
  ForecastView view;
  view.available = true;
  view.origin_ms = origin_ms;
  view.at.fill({value, value, value, value, value, value});
  return view;
}

// A target that does at once what it is told.
struct Target {
  explicit Target(const ScaleDecisionParams& params) : decision(params) {}
  ScaleChoice tick(std::optional<double> load, std::optional<double> expected = std::nullopt) {
    ++ticks;
    ScaleMoment moment{.time_ms = kStartMs + ticks * kTickMs, .load = load, .load_aged = aged, .replicas = replicas};
    if (expected) moment.forecast = flat(moment.time_ms, *expected);
    const ScaleChoice choice = decision.decide(state, moment);
    replicas = choice.desired;
    return choice;
  }
  ScaleChoice run(int64_t count, std::optional<double> load, std::optional<double> expected = std::nullopt) {
    ScaleChoice last;
    for (int64_t i = 0; i < count; ++i) last = tick(load, expected);
    return last;
  }

  ScaleDecision decision;
  ScaleDecision::State state;
  int64_t ticks = 0;
  int64_t replicas = 10;
  bool aged = false;
};

TEST(ScaleDecision, takes_no_forecast_that_has_not_shown_that_it_is_better_than_the_last_value) {
  auto params = plain();
  params.proof = true;
  Target target(params);
  const auto unproven = target.tick(500, 2000);
  EXPECT_EQ(unproven.evidence.standing, ForecastStanding::kRebuilding);
  EXPECT_EQ(unproven.desired, 10) << "the present load alone";
  target.state.trial.proven = true;
  EXPECT_EQ(target.tick(500, 2000).desired, 20);
}

TEST(ScaleDecision, decides_in_the_shadow_as_if_its_commands_were_carried_out) {
  auto params = plain();
  params.shadow = true;
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  ScaleMoment moment{.time_ms = kStartMs, .load = 1600, .replicas = 10};
  EXPECT_EQ(decision.decide(state, moment).desired, 20);
  for (int64_t i = 1; i < 400; ++i) {
    moment.time_ms = kStartMs + i * kTickMs;
    const auto choice = decision.decide(state, moment);
    ASSERT_EQ(choice.current, 20) << "nobody heeds it, and it stays";
    ASSERT_FALSE(choice.command);
  }
}

TEST(ScaleDecision, learns_no_start_up_from_commands_that_nobody_heeds) {
  const ScaleDecision decision(plain());
  ScaleDecision::State state;
  for (int64_t i = 0; i < 4000; ++i) {
    const double load = i / 100 % 2 == 0 ? 1200 : 300;
    decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = load, .replicas = 10});
  }
  EXPECT_TRUE(state.start_ups.times_ms.empty()) << "ten there were before each command and ten there are";
}

TEST(ScaleDecision, learns_no_start_up_from_replicas_that_an_earlier_command_had_started) {
  auto params = plain();
  params.in_window_ms = 0;
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  const auto tick = [&](int64_t i, double load, int64_t replicas) {
    return decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = load, .replicas = replicas}).desired;
  };
  EXPECT_EQ(tick(0, 1600, 10), 20);
  EXPECT_EQ(tick(5, 1200, 10), 15) << "fewer would do, while twenty are starting";
  EXPECT_EQ(tick(6, 1200, 15), 15);
  EXPECT_TRUE(state.start_ups.times_ms.empty()) << "those fifteen were asked for a tick before";
}

TEST(ScaleDecision, repeats_nothing_in_a_gap_before_it_ever_decided) {
  const ScaleDecision decision(plain());
  ScaleDecision::State state;
  for (int64_t i = 0; i < 100; ++i) {
    const auto choice = decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .replicas = 10});
    ASSERT_EQ(choice.cause, ScaleCause::kHoldMissingData);
    ASSERT_FALSE(choice.command);
  }
}

TEST(ScaleDecision, goes_out_to_the_larger_of_reactive_and_forecast) {
  Target reactive(plain());
  const auto by_load = reactive.tick(1200, 900);
  EXPECT_EQ(by_load.desired, 15);
  EXPECT_EQ(by_load.cause, ScaleCause::kReactive);
  EXPECT_TRUE(by_load.command);
  Target ahead(plain());
  const auto by_forecast = ahead.tick(800, 2000);
  EXPECT_EQ(by_forecast.desired, 20);
  EXPECT_EQ(by_forecast.cause, ScaleCause::kForecast);
  EXPECT_EQ(by_forecast.evidence.standing, ForecastStanding::kUsed);
  EXPECT_EQ(by_forecast.evidence.expected_load, 2000);
}

TEST(ScaleDecision, never_goes_in_on_a_forecast_alone) {
  Target target(plain());
  EXPECT_EQ(target.run(500, 800, 1).desired, 10);
}

TEST(ScaleDecision, stays_out_while_a_forecast_expects_the_load_to_come_back) {
  auto params = plain();
  params.hold_ms = 900'000;
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  for (int64_t i = 0; i < 100; ++i) {
    ScaleMoment moment{.time_ms = kStartMs + i * kTickMs, .load = 100, .replicas = 10};
    moment.forecast = flat(moment.time_ms, 100);
    moment.forecast.at[2] = flat(0, 1000).at[2];
    const auto held = decision.decide(state, moment);
    EXPECT_EQ(held.desired, 10);
    EXPECT_EQ(held.cause, ScaleCause::kForecastHolds);
  }
}

TEST(ScaleDecision, goes_in_only_to_the_most_of_the_window) {
  Target target(plain());
  target.run(4, 800);
  EXPECT_EQ(target.tick(640).cause, ScaleCause::kStabilised);
  const auto early = target.run(18, 400);
  EXPECT_EQ(early.desired, 10);
  EXPECT_EQ(early.cause, ScaleCause::kStabilised);
  EXPECT_EQ(target.run(10, 400).desired, 5);
}

TEST(ScaleDecision, makes_no_change_of_less_than_a_tenth) {
  Target target(plain());
  const auto little = target.tick(870);
  EXPECT_EQ(little.wanted, 11);
  EXPECT_EQ(little.desired, 10);
  EXPECT_EQ(little.cause, ScaleCause::kMinChange);
  EXPECT_EQ(target.tick(881).desired, 12);
}

TEST(ScaleDecision, goes_no_further_than_the_rates_allow) {
  Target target(plain());
  const auto cut = target.tick(8000);
  EXPECT_EQ(cut.wanted, 100);
  EXPECT_EQ(cut.desired, 20);
  EXPECT_EQ(cut.cause, ScaleCause::kStepLimit);
  EXPECT_EQ(target.tick(8000).desired, 40);
}

TEST(ScaleDecision, keeps_to_its_gates) {
  auto params = plain();
  params.least = 3;
  params.most = 12;
  Target target(params);
  const auto most = target.tick(3000);
  EXPECT_EQ(most.desired, 12);
  EXPECT_EQ(most.cause, ScaleCause::kMost);
  const auto least = target.run(100, 10);
  EXPECT_EQ(least.desired, 3);
  EXPECT_EQ(least.cause, ScaleCause::kLeast);
}

TEST(ScaleDecision, says_the_last_number_again_before_it_expires_while_data_are_missing) {
  Target target(plain());
  ASSERT_TRUE(target.tick(1200).command);
  int64_t said = 0;
  for (int64_t i = 0; i < 120; ++i) {
    const auto choice = target.tick(std::nullopt);
    EXPECT_EQ(choice.desired, 15);
    EXPECT_EQ(choice.cause, ScaleCause::kHoldMissingData);
    said += choice.command ? 1 : 0;
    EXPECT_LT(kStartMs + target.ticks * kTickMs - target.state.sent_ms, 300'000);
  }
  EXPECT_EQ(said, 6) << "30 minutes, five minutes of life less one tick each";
}

TEST(ScaleDecision, goes_out_and_not_in_on_a_load_that_is_carried) {
  Target target(plain());
  target.run(30, 800);
  target.aged = true;
  const auto held = target.run(40, 400);
  EXPECT_EQ(held.desired, 10);
  EXPECT_EQ(held.cause, ScaleCause::kHoldMissingData);
  EXPECT_EQ(target.tick(1600).desired, 20);
  target.aged = false;
  EXPECT_EQ(target.run(21, 400).desired, 5);
}

TEST(ScaleDecision, does_not_go_in_right_after_a_gap) {
  Target target(plain());
  target.run(40, 800);
  target.run(20, std::nullopt);
  EXPECT_EQ(target.run(19, 100).desired, 10);
  EXPECT_LT(target.run(5, 100).desired, 10);
}

// Every two hours what a forecast of 15 minutes asks for in vain, and goes in again.
int64_t turns_of(Target& target, int64_t rounds) {
  int64_t turns = 0;
  int64_t last = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    for (int64_t i = 0; i < 480; ++i) {
      const int64_t before = target.replicas;
      const int64_t change = target.tick(800, i < 60 ? 2000.0 : 800.0).desired - before;
      if (change == 0) continue;
      turns += last != 0 && (change > 0) != (last > 0) ? 1 : 0;
      last = change;
    }
  }
  return turns;
}

TEST(ScaleDecision, lets_forecasts_change_the_direction_at_most_six_times_a_day) {
  Target target(plain());
  EXPECT_LE(turns_of(target, 12), 6);
  EXPECT_EQ(target.replicas, 10) << "it came back";
  EXPECT_EQ(target.tick(800, 2000).evidence.standing, ForecastStanding::kSpent);
  EXPECT_EQ(target.tick(1600, 800).desired, 20) << "the load itself may always go out";
}

TEST(ScaleDecision, limits_all_changes_of_direction_where_it_is_told_to) {
  auto params = plain();
  params.turn_budget = TurnBudget::kAll;
  Target target(params);
  int64_t turns = 0;
  int64_t last = 0;
  for (int64_t i = 0; i < 5760; ++i) {
    const int64_t before = target.replicas;
    const auto choice = target.tick(i % 240 < 60 ? 2000 : 800);
    const int64_t change = choice.desired - before;
    if (change == 0) continue;
    turns += last != 0 && (change > 0) != (last > 0) ? 1 : 0;
    last = change;
  }
  EXPECT_LE(turns, 6);
  EXPECT_EQ(target.replicas, 25) << "what was gone out to stays";
  EXPECT_EQ(target.run(30, 800).cause, ScaleCause::kTurnBudget);
}

TEST(ScaleDecision, takes_no_notice_of_a_forecast_that_does_worse_than_persistence) {
  Target target(plain());
  target.state.trial.demoted = true;
  const auto choice = target.tick(800, 5000);
  EXPECT_EQ(choice.desired, 10);
  EXPECT_EQ(choice.evidence.standing, ForecastStanding::kDemoted);
}

TEST(ScaleDecision, pays_no_more_than_the_premium_for_certainty) {
  auto params = plain();
  params.most_premium = 1.5;
  Target target(params);
  ScaleMoment moment{.time_ms = kStartMs, .load = 800, .replicas = 10};
  moment.forecast = flat(kStartMs, 1000);
  for (ForecastPoint& point : moment.forecast.at) point.q95 = 9000;
  EXPECT_EQ(target.decision.decide(target.state, moment).desired, 15);
}

TEST(ScaleDecision, remembers_a_small_surprise) {
  auto params = plain();
  params.surprise = {.hold_ms = 3'600'000, .most_beyond = 3, .a_day = 2};
  Target target(params);
  target.replicas = 1;
  target.run(2, 250);
  const auto held = target.run(200, 30);
  EXPECT_EQ(held.desired, 4);
  EXPECT_EQ(held.cause, ScaleCause::kSurprise);
  EXPECT_EQ(target.run(70, 30).desired, 1);
}

TEST(ScaleDecision, decides_by_thresholds_where_given) {
  auto params = plain();
  params.threshold = ThresholdRule();
  Target target(params);
  const auto up = target.tick(1000, 3000);
  EXPECT_EQ(up.desired, 11);
  EXPECT_EQ(up.cause, ScaleCause::kThreshold);
  EXPECT_EQ(target.tick(1000, 3000).cause, ScaleCause::kWaiting);
}

TEST(ScaleDecision, learns_the_capacity_of_a_replica_when_it_is_not_given) {
  auto params = plain();
  params.capacity.reset();
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  ScaleChoice choice;
  for (int64_t i = 0; i < 600; ++i)
    choice = decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = 800, .replicas = 10, .utilisation = 0.4});
  EXPECT_NEAR(choice.evidence.capacity, 200, 1e-9);
  EXPECT_EQ(choice.desired, 5);
  ScaleDecision::State fresh;
  const auto unknown = decision.decide(fresh, {.time_ms = kStartMs, .load = 8000, .replicas = 10, .utilisation = 0.4});
  EXPECT_EQ(unknown.cause, ScaleCause::kUnknownCapacity);
  EXPECT_EQ(unknown.desired, 10);
}

// 2,000 on one replica that carries 100: nothing can be learned before there are enough.
TEST(ScaleDecision, gets_a_service_out_of_saturation_before_it_knows_what_a_replica_carries) {
  auto params = plain();
  params.capacity.reset();
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  int64_t replicas = 1, told = 1;
  ScaleChoice choice;
  for (int64_t i = 0; i < 1200; ++i) {
    if (i % 6 == 0) replicas = told;
    const double utilisation = std::min(20.0 / static_cast<double>(replicas), 1.0);
    choice = decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = 2000, .replicas = replicas, .utilisation = utilisation});
    EXPECT_TRUE(told == choice.desired || i >= 240 || choice.cause == ScaleCause::kUtilisation) << i;
    EXPECT_GE(choice.desired, told) << "never in";
    told = choice.desired;
  }
  EXPECT_GE(replicas, 23);
  EXPECT_LE(replicas, 28);
  EXPECT_NEAR(choice.evidence.capacity, 100, 1) << "and then it is learned";
}

TEST(ScaleDecision, waits_for_its_replicas_before_it_asks_for_more_by_how_busy_they_are) {
  auto params = plain();
  params.capacity.reset();
  const ScaleDecision decision(params);
  ScaleDecision::State state;
  const auto tick = [&](int64_t i, int64_t replicas) {
    return decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = 2000, .replicas = replicas, .utilisation = 1});
  };
  EXPECT_EQ(tick(0, 10).desired, 13);
  EXPECT_EQ(tick(1, 10).desired, 13) << "three are starting";
  EXPECT_EQ(tick(2, 12).desired, 13);
  EXPECT_EQ(tick(3, 13).desired, 17);
}

TEST(ScaleDecision, says_again_what_was_not_done_and_goes_by_what_is_there) {
  const ScaleDecision decision(plain());
  ScaleDecision::State state;
  int64_t commands = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const auto choice = decision.decide(state, {.time_ms = kStartMs + i * kTickMs, .load = 1200, .replicas = 10});
    EXPECT_EQ(choice.desired, 15);
    commands += choice.command ? 1 : 0;
  }
  EXPECT_EQ(commands, 3) << "after three start-ups each";
}

TEST(ScaleDecision, gives_the_same_after_a_restore_at_any_tick_of_any_input) {
  std::mt19937_64 random(11);
  auto params = ScaleDecisionParams();
  params.capacity = 100;
  const ScaleDecision decision(params);
  ScaleDecision::State whole;
  ScaleDecision::State restored;
  int64_t replicas = 4;
  for (int64_t i = 0; i < 3000; ++i) {
    ScaleMoment moment{.time_ms = kStartMs + i * kTickMs, .load = 500 + 400 * std::sin(static_cast<double>(i) / 90), .replicas = replicas};
    moment.load = *moment.load * static_cast<double>(900 + random() % 200) / 1000;
    if (random() % 50 == 0) moment.load.reset();
    moment.utilisation = 0.5;
    moment.forecast = flat(moment.time_ms / 60'000 * 60'000, moment.load.value_or(1) * 1.2);
    if (i % 4 == 0) moment.closed = ClosedStep{moment.forecast.origin_ms, moment.load.value_or(0)};
    if (random() % 40 == 0) moment.forecast.at[0].q95 = std::numeric_limits<double>::quiet_NaN();
    std::string bytes;
    ByteWriter writer(bytes);
    save_state(restored, writer);
    ScaleDecision::State next;
    uint64_t dropped = 0;
    ASSERT_TRUE(load_state(next, bytes, dropped));
    restored = std::move(next);
    const auto one = decision.decide(whole, moment);
    const auto other = decision.decide(restored, moment);
    ASSERT_EQ(one.desired, other.desired) << i;
    ASSERT_EQ(one.cause, other.cause) << i;
    ASSERT_EQ(one.command, other.command) << i;
    replicas = one.desired;
  }
}

TEST(ScaleDecision, gives_a_choice_for_any_input) {
  std::mt19937_64 random(3);
  const double odd[] = {0, -1, 1e300, -1e300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e-300};
  const ScaleDecision decision{ScaleDecisionParams()};
  ScaleDecision::State state;
  for (int64_t i = 0; i < 20'000; ++i) {
    const auto any = [&] { return odd[random() % 7]; };
    ScaleMoment moment{.time_ms = static_cast<int64_t>(random() >> (1 + random() % 60))};
    if (random() % 3 != 0) moment.load = any();
    if (random() % 3 != 0) moment.replicas = static_cast<int64_t>(random() >> (1 + random() % 63));
    if (random() % 3 != 0) moment.utilisation = any();
    moment.forecast = flat(static_cast<int64_t>(random() >> 1), any());
    if (random() % 3 != 0) moment.closed = ClosedStep{moment.forecast.origin_ms, any()};
    EXPECT_GE(decision.decide(state, moment).desired, 0);
  }
}

TEST(ScaleDecision, refuses_parameters_that_contradict_themselves) {
  EXPECT_TRUE(check_scale_decision(ScaleDecisionParams(), ForecastView()));
  const auto refused = [](auto change) {
    ScaleDecisionParams params;
    change(params);
    return !check_scale_decision(params, ForecastView());
  };
  EXPECT_TRUE(refused([](auto& params) { params.start_up_ms = 900'000; }));
  EXPECT_TRUE(refused([](auto& params) { params.least = 5, params.most = 4; }));
  EXPECT_TRUE(refused([](auto& params) { params.in_window_ms = 3'600'001; }));
  EXPECT_TRUE(refused([](auto& params) { params.capacity = 0; }));
  EXPECT_TRUE(refused([](auto& params) { params.target.lowest = 0.9; }));
  EXPECT_TRUE(refused([](auto& params) { params.most_premium = 0.5; }));
  EXPECT_TRUE(refused([](auto& params) { params.expiry_ms = 15'000; }));
}

}  // namespace
}  // namespace headroom
