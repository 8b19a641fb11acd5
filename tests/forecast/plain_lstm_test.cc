#include "forecast/plain_lstm.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

namespace headroom {
namespace {

constexpr size_t kDay = 288;

std::vector<float> made_sine(size_t steps) {
  std::vector<float> values;
  for (size_t i = 0; i < steps; ++i) values.push_back(100 + 50 * std::sin(6.2831853F * static_cast<float>(i % kDay) / kDay));
  return values;
}

bool same(const std::array<float, kForecastHorizons>& a, const std::array<float, kForecastHorizons>& b) {
  using Bits = std::array<uint32_t, kForecastHorizons>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

TEST(PlainLstm, learns_a_sine_better_than_persistence_after_some_days) {
  const auto values = made_sine(5 * kDay);
  const BarSettings settings{kDay, {1, 5, 15}, 4 * kDay, 1};
  PlainLstm lstm(settings);
  std::vector<std::array<float, kForecastHorizons>> said;
  for (const float value : values) said.push_back(lstm.step(value));
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    const auto ahead = static_cast<size_t>(settings.horizons[h]);
    float error = 0, still = 0;
    for (size_t i = 4 * kDay; i + ahead < values.size(); ++i) {
      error += std::abs(said[i][h] - values[i + ahead]);
      still += std::abs(values[i] - values[i + ahead]);
    }
    EXPECT_LT(error, 0.8F * still) << ahead;
  }
}

TEST(PlainLstm, says_the_last_value_until_its_warm_up_is_over) {
  const auto values = made_sine(2 * kDay);
  PlainLstm lstm({kDay, {1, 5, 15}, kDay, 1});
  for (size_t i = 0; i < kDay; ++i)
    for (const float point : lstm.step(values[i])) ASSERT_EQ(point, values[i]) << i;
  EXPECT_NE(lstm.step(values[kDay])[2], values[kDay]);
}

TEST(PlainLstm, goes_on_with_the_same_bits_from_a_copy) {
  const auto values = made_sine(2 * kDay);
  PlainLstm straight({kDay, {1, 5, 15}, kDay, 3});
  auto restored = std::make_unique<PlainLstm>(straight);
  for (size_t i = 0; i < values.size(); ++i) {
    restored = std::make_unique<PlainLstm>(*restored);
    ASSERT_TRUE(same(straight.step(values[i]), restored->step(values[i]))) << i;
  }
}

TEST(PlainLstm, draws_its_chances_from_the_seed) {
  const auto values = made_sine(PlainLstm::kLeastValues);
  PlainLstm one({kDay, {1, 5, 15}, 0, 1}), other({kDay, {1, 5, 15}, 0, 2});
  std::array<float, kForecastHorizons> of_one{}, of_other{};
  for (const float value : values) of_one = one.step(value), of_other = other.step(value);
  EXPECT_FALSE(same(of_one, of_other));
}

TEST(PlainLstm, stays_finite_on_values_that_never_change_and_far_beyond_its_range) {
  PlainLstm lstm({kDay, {1, 5, 15}, 0, 1});
  for (size_t i = 0; i < PlainLstm::kLeastValues; ++i) lstm.step(7);
  for (int i = 0; i < 100; ++i)
    for (const float point : lstm.step(1e6F)) ASSERT_TRUE(std::isfinite(point));
}

}  // namespace
}  // namespace headroom
