#include "policy/forecast_trial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "headroom/state.h"

namespace headroom {
namespace {

constexpr int64_t kStepMs = 60'000;

// A load that rises by one a step: persistence is one off at one step, and so is 1 + `error` times that the forecast.
struct Rising {
  ForecastTrial trial;
  int64_t step = 0;

  void run(int64_t steps, double error) {
    for (int64_t i = 0; i < steps; ++i) {
      ++step;
      const auto value = static_cast<double>(step);
      ForecastView view;
      view.available = true;
      view.origin_ms = step * kStepMs;
      view.at[0].point = value + 1 + error;
      trial.add({view.origin_ms, value}, view, 0);
    }
  }
};

TEST(ForecastTrial, demotes_what_does_worse_than_persistence_after_120_scored_steps) {
  Rising load;
  load.run(120, 1.5);
  EXPECT_EQ(load.trial.scored(), 119);
  EXPECT_FALSE(load.trial.demoted);
  load.run(1, 1.5);
  EXPECT_TRUE(load.trial.demoted);
  EXPECT_NEAR(load.trial.relative_error(), 1.5, 1e-9);
}

TEST(ForecastTrial, is_proven_once_120_scored_steps_are_better_than_persistence) {
  Rising load;
  load.run(120, 0.5);
  EXPECT_FALSE(load.trial.proven);
  load.run(1, 0.5);
  EXPECT_TRUE(load.trial.proven);
  load.run(300, 3);
  EXPECT_TRUE(load.trial.demoted);
  EXPECT_TRUE(load.trial.proven) << "demotion is another matter";
  Rising worse;
  worse.run(500, 1.01);
  EXPECT_FALSE(worse.trial.proven);
}

TEST(ForecastTrial, counts_how_often_a_value_was_below_its_quantile) {
  ForecastTrial trial;
  for (int64_t i = 1; i <= 101; ++i) {
    ForecastView view;
    view.available = true;
    view.origin_ms = i * kStepMs;
    view.at[0].point = 1;
    view.at[0].q95 = i % 4 == 0 ? 0.5 : 1;
    trial.add({view.origin_ms, 1}, view, 0);
  }
  EXPECT_EQ(trial.scored(), 100);
  EXPECT_DOUBLE_EQ(trial.coverage(), 0.75);
}

TEST(ForecastTrial, does_not_demote_what_is_as_good_as_persistence) {
  Rising load;
  load.run(3000, 1.0);
  EXPECT_FALSE(load.trial.demoted);
}

TEST(ForecastTrial, restores_only_after_240_scored_steps_below_0_97) {
  Rising load;
  load.run(200, 2);
  ASSERT_TRUE(load.trial.demoted);
  load.run(206, 0);
  EXPECT_TRUE(load.trial.demoted) << "the errors of the 200 steps still weigh";
  int64_t good = 0;
  while (load.trial.relative_error() >= ForecastTrial::kRestoreBelow) load.run(1, 0), ++good;
  load.run(238, 0);
  EXPECT_TRUE(load.trial.demoted);
  load.run(1, 0);
  EXPECT_FALSE(load.trial.demoted);
}

TEST(ForecastTrial, begins_the_240_steps_anew_when_the_error_rises_between) {
  Rising load;
  load.run(200, 2);
  while (load.trial.better_steps < 200) load.run(1, 0);
  load.run(1, 300);
  load.run(1, 0);
  EXPECT_EQ(load.trial.better_steps, 0);
  EXPECT_TRUE(load.trial.demoted);
}

TEST(ForecastTrial, forgets_what_is_older_than_1440_steps) {
  Rising load;
  load.run(200, 100);
  load.run(1439, 0);
  EXPECT_LE(load.trial.scored(), 1440);
  EXPECT_GT(load.trial.scored(), 1380);
  load.run(200, 0);
  EXPECT_EQ(load.trial.relative_error(), 0);
}

TEST(ForecastTrial, scores_a_forecast_only_when_its_step_has_happened) {
  ForecastTrial trial;
  ForecastView view;
  view.available = true;
  view.origin_ms = kStepMs;
  view.at[1].point = 7;
  trial.add({kStepMs, 5}, view, 1);
  EXPECT_EQ(trial.scored(), 0);
  view.available = false;
  trial.add({5 * kStepMs, 9}, view, 1);
  EXPECT_EQ(trial.scored(), 0);
  trial.add({6 * kStepMs, 8}, view, 1);
  EXPECT_EQ(trial.scored(), 1);
  EXPECT_NEAR(trial.relative_error(), 1.0 / 3.0, 1e-12);
}

TEST(ForecastTrial, takes_no_step_twice_and_no_forecast_of_another_origin) {
  ForecastTrial trial;
  ForecastView view;
  view.available = true;
  view.origin_ms = kStepMs;
  trial.add({2 * kStepMs, 5}, view, 0);
  EXPECT_TRUE(trial.pending.empty());
  view.origin_ms = 2 * kStepMs;
  trial.add({2 * kStepMs, 5}, view, 0);
  EXPECT_TRUE(trial.pending.empty());
}

TEST(ForecastTrial, demotes_a_forecast_that_is_no_number) {
  Rising load;
  load.run(130, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(load.trial.demoted);
  EXPECT_TRUE(std::isfinite(load.trial.relative_error()));
}

TEST(ForecastTrial, goes_on_from_its_bytes_as_if_nothing_had_happened) {
  Rising load;
  load.run(300, 2);
  Rising other;
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(load.trial, writer);
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(other.trial, bytes, dropped));
  other.step = load.step;
  EXPECT_LT(bytes.size(), 700U);
  while (load.trial.demoted) {
    load.run(1, 0);
    other.run(1, 0);
    ASSERT_EQ(load.trial.demoted, other.trial.demoted);
    ASSERT_EQ(load.trial.relative_error(), other.trial.relative_error());
  }
}

}  // namespace
}  // namespace headroom
