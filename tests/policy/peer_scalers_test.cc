#include "policy/peer_scalers.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kTickMs = 15'000;

ServiceView view(int64_t tick, int64_t replicas, double utilisation) {
  return {.time_ms = tick * kTickMs, .utilisation = utilisation, .measured_ready = replicas, .ready = replicas, .desired = replicas};
}

TEST(HpaScaler, leaves_a_metric_within_a_tenth_of_its_target_alone) {
  HpaScaler hpa({}, 0.7);
  EXPECT_EQ(hpa(view(0, 10, 0.76)), 10);
  EXPECT_EQ(hpa(view(1, 10, 0.64)), 10);
  EXPECT_EQ(hpa(view(2, 10, 0.78)), 12);
}

TEST(HpaScaler, at_most_doubles_or_adds_four_in_15_seconds) {
  HpaScaler hpa({}, 0.1);
  EXPECT_EQ(hpa(view(0, 2, 1)), 6);
  EXPECT_EQ(HpaScaler({}, 0.1)(view(0, 10, 1)), 20);
}

TEST(HpaScaler, goes_in_to_the_most_of_the_last_five_minutes) {
  HpaScaler hpa({}, 0.7);
  EXPECT_EQ(hpa(view(0, 10, 0.7)), 10);
  int64_t tick = 1;
  for (; tick < 20; ++tick) EXPECT_EQ(hpa(view(tick, 10, 0.35)), 10);
  EXPECT_EQ(hpa(view(tick, 10, 0.35)), 5);
}

TEST(HpaScaler, does_not_go_out_twice_for_the_same_need) {
  HpaScaler hpa({}, 0.7);
  const ServiceView starting{.time_ms = 0, .utilisation = 1, .measured_ready = 10, .ready = 10, .desired = 15};
  EXPECT_EQ(hpa(starting), 15);
}

TEST(RateScaler, has_the_load_over_capacity_and_target_rounded_up) {
  RateScaler rate({}, 100, 0.8);
  EXPECT_EQ(rate({.time_ms = 0, .load = 801, .desired = 10}), 11);
  EXPECT_EQ(rate({.time_ms = kTickMs, .load = 640, .desired = 11}), 11) << "the window holds it";
}

TEST(ForesightScaler, is_never_short_when_it_looks_past_the_start_up) {
  LoadCurve load{.start_ms = 0, .step_ms = 60'000, .values = {}};
  for (int64_t minute = 0; minute < 10 * 1440; ++minute) load.values.push_back(minute % 60 < 30 ? 100 : 3000);
  const ServiceShape shape;
  const double capacity = capacity_of_replica(shape, load);
  const auto score = score_service(shape, load, ForesightScaler({}, load, capacity));
  EXPECT_EQ(score.ticks_under, 0);
  EXPECT_GT(score_service(shape, load, RateScaler({}, capacity, 0.85)).ticks_under, 0);
}

}  // namespace
}  // namespace headroom
