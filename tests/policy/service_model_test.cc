#include "policy/service_model.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kTickMs = 15'000;

LoadCurve constant(double value, size_t minutes) {
  return {.start_ms = 0, .step_ms = 60'000, .values = std::vector<double>(minutes, value)};
}

TEST(LoadCurve, is_linear_between_its_values_and_constant_outside) {
  const LoadCurve load{.start_ms = 60'000, .step_ms = 60'000, .values = {10, 20, 0}};
  EXPECT_EQ(load.at(0), 10);
  EXPECT_EQ(load.at(75'000), 12.5);
  EXPECT_EQ(load.at(120'000), 20);
  EXPECT_EQ(load.at(150'000), 10);
  EXPECT_EQ(load.at(999'000), 0);
  EXPECT_EQ(LoadCurve().at(5), 0);
}

TEST(LoadCurve, has_quantiles_by_nearest_rank) {
  const LoadCurve load{.values = {4, 1, 3, 2}};
  EXPECT_EQ(load.quantile(0.5), 2);
  EXPECT_EQ(load.quantile(0.51), 3);
  EXPECT_EQ(load.quantile(1), 4);
  EXPECT_EQ(load.quantile(0), 1);
}

TEST(ServiceModel, has_replicas_ready_after_the_start_up_and_gone_at_once) {
  ServiceModel model(ServiceShape(), 100);
  model.advance(0, 50);
  model.scale(5);
  EXPECT_EQ(model.advance(75'000, 50).supply, 1);
  const auto paid = model.advance(75'000, 50).paid;
  EXPECT_EQ(paid, 5) << "what starts is paid for";
  EXPECT_EQ(model.advance(90'000, 50).supply, 5);
  model.scale(2);
  EXPECT_EQ(model.advance(105'000, 50).supply, 2);
}

TEST(ServiceModel, takes_back_what_is_still_starting_first) {
  ServiceModel model(ServiceShape(), 100);
  model.advance(0, 50);
  model.scale(5);
  model.advance(kTickMs, 50);
  model.scale(3);
  EXPECT_EQ(model.advance(90'000, 50).supply, 3);
}

TEST(ServiceModel, shows_measurements_only_after_the_metric_delay) {
  ServiceModel model(ServiceShape(), 100);
  for (int64_t tick = 0; tick < 10; ++tick) model.advance(tick * kTickMs, static_cast<double>(tick));
  EXPECT_EQ(model.view().time_ms, 9 * kTickMs);
  EXPECT_EQ(model.view().measured_ms, 7 * kTickMs);
  EXPECT_EQ(model.view().load, 7);
}

TEST(ServiceModel, keeps_what_it_cannot_carry_and_works_it_off) {
  ServiceShape shape;
  shape.metric_delay_ms = 0;
  ServiceModel model(shape, 100);
  EXPECT_EQ(model.advance(0, 300).backlog_ms, 2.0 * kTickMs);
  EXPECT_EQ(model.view().utilisation, 1) << "a replica cannot report more";
  EXPECT_EQ(model.advance(kTickMs, 0).backlog_ms, 1.0 * kTickMs);
  EXPECT_EQ(model.view().utilisation, 1) << "the backlog keeps it busy";
  EXPECT_EQ(model.advance(2 * kTickMs, 0).backlog_ms, 0);
  EXPECT_EQ(model.advance(3 * kTickMs, 50).backlog_ms, 0);
  EXPECT_EQ(model.view().utilisation, 0.5);
}

TEST(ServiceModel, demands_the_least_replicas_that_carry_the_load) {
  ServiceModel model(ServiceShape(), 100);
  EXPECT_EQ(model.advance(0, 0).demand, 1);
  EXPECT_EQ(model.advance(kTickMs, 100).demand, 1);
  EXPECT_EQ(model.advance(2 * kTickMs, 101).demand, 2);
}

TEST(ServiceModel, gives_the_peak_quantile_to_the_peak_replicas) {
  LoadCurve load = constant(10, 10'000);
  for (size_t i = 0; i < 6; ++i) load.values[i] = 4000;
  EXPECT_EQ(capacity_of_replica(ServiceShape(), load), 100);
  EXPECT_EQ(capacity_of_replica(ServiceShape(), constant(0, 10)), 1);
}

TEST(ServiceModel, scores_nothing_of_the_first_week) {
  ServiceShape shape;
  const auto score = score_service(shape, constant(40, 8 * 1440 + 1), [](const ServiceView&) { return 1; });
  EXPECT_EQ(score.ticks, 24 * 240 + 1);
}

TEST(ElasticityScore, measures_too_little_and_too_much_relative_to_demand) {
  ElasticityScore score;
  score.add({.demand = 4, .supply = 3, .paid = 3});
  score.add({.demand = 4, .supply = 6, .paid = 6, .acted = true});
  score.add({.demand = 4, .supply = 4, .paid = 6, .backlog_ms = 30'001});
  score.add({.demand = 4, .supply = 4, .paid = 4, .backlog_ms = 30'000});
  EXPECT_EQ(score.theta_under(), 100 * 0.25 / 4);
  EXPECT_EQ(score.theta_over(), 100 * 0.5 / 4);
  EXPECT_EQ(score.tau_under(), 25);
  EXPECT_EQ(score.tau_over(), 25);
  EXPECT_EQ(score.late(), 25);
  EXPECT_EQ(score.cost(), 19.0 / 16);
  EXPECT_EQ(score.actions_a_day(21'600'000), 1);
  EXPECT_EQ(ElasticityScore().cost(), 0);
}

}  // namespace
}  // namespace headroom
