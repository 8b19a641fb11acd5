#include "policy/capacity_estimator.h"

#include <gtest/gtest.h>

#include <random>

#include "headroom/state.h"

namespace headroom {
namespace {

constexpr double kCapacity = 250;
constexpr int64_t kTickMs = 15'000;

// Load that n replicas of kCapacity serve at a utilisation, with `noise` (a share) on what is measured.
void serve(CapacityEstimator& estimator, int64_t from_tick, int64_t ticks, double noise) {
  std::mt19937_64 random(static_cast<uint64_t>(from_tick) + 1);
  for (int64_t i = from_tick; i < from_tick + ticks; ++i) {
    const int64_t replicas = 2 + static_cast<int64_t>(random() % 20);
    const double utilisation = 0.25 + 0.65 * static_cast<double>(random() % 1000) / 1000;
    const double off = 1 + noise * (static_cast<double>(random() % 2001) / 1000 - 1);
    estimator.add({i * kTickMs, kCapacity * static_cast<double>(replicas) * utilisation, replicas, utilisation * off});
  }
}

TEST(CapacityEstimator, finds_the_capacity_that_load_and_utilisation_imply) {
  CapacityEstimator estimator;
  serve(estimator, 0, 61, 0);
  ASSERT_TRUE(estimator.estimate());
  EXPECT_NEAR(estimator.estimate()->capacity, kCapacity, 1e-9);
  EXPECT_FALSE(estimator.estimate()->sure) << "one quarter of an hour proves little";
  serve(estimator, 61, 240, 0);
  EXPECT_TRUE(estimator.estimate()->sure);
}

TEST(CapacityEstimator, comes_within_two_percent_where_measurements_are_a_fifth_off) {
  CapacityEstimator estimator;
  serve(estimator, 0, 2000, 0.2);
  ASSERT_TRUE(estimator.estimate());
  EXPECT_NEAR(estimator.estimate()->capacity, kCapacity, 0.02 * kCapacity);
}

TEST(CapacityEstimator, stays_where_a_quarter_of_the_blocks_is_wrong) {
  CapacityEstimator estimator;
  for (int64_t block = 0; block < 40; ++block) {
    for (int64_t i = 0; i < 60; ++i) {
      const double load = block % 4 == 0 ? 9 * kCapacity : kCapacity;
      estimator.add({(block * 60 + i) * kTickMs, load, 2, 0.5});
    }
  }
  EXPECT_NEAR(estimator.estimate()->capacity, kCapacity, 1e-9);
}

TEST(CapacityEstimator, is_not_sure_where_blocks_disagree) {
  CapacityEstimator estimator;
  for (int64_t block = 0; block < 12; ++block) {
    for (int64_t i = 0; i < 60; ++i) estimator.add({(block * 60 + i) * kTickMs, block % 2 == 0 ? 100.0 : 300.0, 2, 0.5});
  }
  ASSERT_TRUE(estimator.estimate());
  EXPECT_FALSE(estimator.estimate()->sure);
}

TEST(CapacityEstimator, learns_nothing_from_idle_or_saturated_replicas_and_nonsense) {
  CapacityEstimator estimator;
  for (int64_t i = 0; i < 200; ++i) {
    estimator.add({i * kTickMs, 100, 2, 0.1});
    estimator.add({i * kTickMs, 100, 2, 1.0});
    estimator.add({i * kTickMs, -1, 2, 0.5});
    estimator.add({i * kTickMs, 1e300, 2, 0.5});
    estimator.add({i * kTickMs, 100, 0, 0.5});
  }
  EXPECT_FALSE(estimator.estimate());
}

TEST(CapacityEstimator, goes_on_from_its_bytes_within_a_block) {
  CapacityEstimator estimator;
  serve(estimator, 0, 330, 0.1);
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(estimator, writer);
  CapacityEstimator back;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(back, bytes, dropped));
  serve(estimator, 330, 100, 0.1);
  serve(back, 330, 100, 0.1);
  EXPECT_EQ(back.estimate()->capacity, estimator.estimate()->capacity);
  EXPECT_EQ(back.blocks, estimator.blocks);
}

}  // namespace
}  // namespace headroom
