#include "forecast/forecaster.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "forecast/lstm_training.h"

namespace headroom {
namespace {

constexpr int64_t kFirst = 28'333'440;  // a midnight, in minutes

// A working day's load with noise, minute by minute.
std::vector<float> made_series(size_t steps, uint64_t seed) {
  std::vector<float> values;
  float wander = 0;
  for (size_t i = 0; i < steps; ++i) {
    const float noise = static_cast<float>(next_random(seed) >> 40) / static_cast<float>(1 << 24) - 0.5F;
    wander = 0.95F * wander + 40 * noise;
    const float turn = static_cast<float>(i % 1440) / 1440;
    values.push_back(1000 + 600 * std::sin(6.2831853F * turn) + (i % 60 == 0 ? 150.0F : 0.0F) + wander);
  }
  return values;
}

template <class Size>
ForecasterSettings settings_of() {
  ForecasterSettings settings;
  settings.companions = Size::kCompanions;
  return settings;
}

// With all companions that the size takes: one that follows the value, one with holes, one that stands still.
template <class Size>
std::optional<Forecast> feed(const Forecaster<Size>& forecaster, ForecasterState<Size>& state, int64_t step, float value) {
  if constexpr (Size::kCompanions == 0) {
    return forecaster.step(state, step, value);
  } else {
    const float hole = step % 13 < 5 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(step % 11);
    return forecaster.step(state, step, value, std::array<float, 3>{1000 * value, hole, 5});
  }
}

template <class Size>
std::vector<std::optional<Forecast>> run(const std::vector<float>& values, ForecasterState<Size>& state,
                                         const LstmWeights* global = nullptr) {
  const Forecaster<Size> forecaster(settings_of<Size>(), global);
  std::vector<std::optional<Forecast>> out;
  for (size_t i = 0; i < values.size(); ++i) out.push_back(feed(forecaster, state, kFirst + static_cast<int64_t>(i), values[i]));
  return out;
}

bool same(const std::optional<Forecast>& a, const std::optional<Forecast>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a || (a->point == b->point && a->quantiles == b->quantiles);
}

template <class Size>
class AForecaster : public testing::Test {};
using Sizes = testing::Types<HeadroomSize, HeadroomMultivariateSize, HeadroomSmallSize>;
TYPED_TEST_SUITE(AForecaster, Sizes);

TYPED_TEST(AForecaster, never_looks_ahead) {
  const std::vector<float> whole = made_series(4000, 1);
  std::vector<float> other = whole;
  for (size_t i = 3000; i < other.size(); ++i) other[i] *= 3;
  auto state = std::make_unique<ForecasterState<TypeParam>>(), second = std::make_unique<ForecasterState<TypeParam>>();
  const auto a = run(whole, *state), b = run(other, *second);
  for (size_t i = 0; i < 3000; ++i) ASSERT_TRUE(same(a[i], b[i])) << i;
  EXPECT_FALSE(same(a[3000], b[3000])) << "the other series must differ";
}

template <class Part>
std::string bytes_of(const Part& part) {
  std::string out;
  ByteWriter writer(out);
  part.save(writer);
  return out;
}
template <class Part>
bool restore(std::string_view bytes, Part& part) {
  ByteReader reader(bytes);
  return part.load(reader) && reader.empty();
}

TYPED_TEST(AForecaster, forecasts_the_same_bits_from_its_saved_state_at_any_step) {
  const std::vector<float> values = made_series(3000, 2);
  const LstmWeights global = begin_lstm(7);
  const Forecaster<TypeParam> forecaster(settings_of<TypeParam>(), &global);
  auto straight = std::make_unique<ForecasterState<TypeParam>>();
  auto restored = std::make_unique<ForecasterState<TypeParam>>();
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t step = kFirst + static_cast<int64_t>(i) + (i > 1000 ? 7 : 0);
    auto again = std::make_unique<ForecasterState<TypeParam>>();
    ASSERT_TRUE(restore(bytes_of(restored->hot), again->hot)) << i;
    ASSERT_TRUE(restore(bytes_of(restored->cold), again->cold)) << i;
    ASSERT_TRUE((ForecasterState<TypeParam>::belong_together(again->hot, again->cold))) << i;
    restored = std::move(again);
    ASSERT_TRUE(same(feed(forecaster, *straight, step, values[i]), feed(forecaster, *restored, step, values[i]))) << i;
  }
  EXPECT_LE(bytes_of(straight->hot).size(), 512u);
  EXPECT_LE(bytes_of(straight->hot).size() + bytes_of(straight->cold).size(), TypeParam::kMostBytes);
}

TYPED_TEST(AForecaster, says_when_a_step_changes_the_cold_part) {
  std::vector<float> values = made_series(2200, 9);
  for (size_t i = 2000; i < values.size(); ++i) values[i] *= 1000;
  const Forecaster<TypeParam> forecaster(settings_of<TypeParam>());
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  size_t changes = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t step = kFirst + static_cast<int64_t>(i) + (i > 1000 ? 5 : 0);
    const bool foretold = forecaster.changes_cold(state->hot, step, values[i]);
    const std::string before = bytes_of(state->cold);
    feed(forecaster, *state, step, values[i]);
    ASSERT_TRUE(foretold || before == bytes_of(state->cold)) << i;
    changes += foretold ? 1 : 0;
  }
  EXPECT_LT(changes, values.size() / 4 + 40) << "at the ends of blocks, after the gap and when the values grow";
}

// Numbers as a damaged page or another's may have them are refused, or work.
TYPED_TEST(AForecaster, takes_no_harm_from_bytes_that_are_no_state) {
  const Forecaster<TypeParam> forecaster(settings_of<TypeParam>());
  auto good = std::make_unique<ForecasterState<TypeParam>>();
  const std::vector<float> values = made_series(300, 3);
  for (size_t i = 0; i < values.size(); ++i) feed(forecaster, *good, kFirst + static_cast<int64_t>(i), values[i]);
  const std::string hot = bytes_of(good->hot), cold = bytes_of(good->cold);
  uint64_t random = 5;
  size_t worked = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bad_hot = hot, bad_cold = cold;
    for (int i = 0; i < 8; ++i) {
      bad_hot[next_random(random) % hot.size()] = static_cast<char>(next_random(random));
      bad_cold[next_random(random) % cold.size()] = static_cast<char>(next_random(random));
    }
    auto state = std::make_unique<ForecasterState<TypeParam>>();
    if (!restore(bad_hot, state->hot) || !restore(bad_cold, state->cold)) continue;
    if (!ForecasterState<TypeParam>::belong_together(state->hot, state->cold)) continue;
    for (int64_t i = 0; i < 40; ++i) feed(forecaster, *state, state->hot.step + 1, 100);
    ++worked;
  }
  EXPECT_GT(worked, 20u);
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  EXPECT_FALSE(restore(std::string_view(hot).substr(1), state->hot));
  EXPECT_FALSE(restore(std::string_view(cold).substr(0, 100), state->cold));
}

TYPED_TEST(AForecaster, names_its_experts_and_what_they_weigh) {
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  run(made_series(3000, 4), *state);
  const auto names = Forecaster<TypeParam>::expert_names();
  EXPECT_EQ(names.front(), "persistence");
  EXPECT_EQ(names.back(), "lstm");
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  const auto weights = Forecaster<TypeParam>::expert_weights(state->cold, 2);
  EXPECT_NE(weights.front(), weights.back());
}

// The mean absolute error at each horizon over that of persistence, from `from` on.
template <class Size>
std::array<double, kForecastHorizons> relative_error(const std::vector<float>& values, size_t from) {
  auto state = std::make_unique<ForecasterState<Size>>();
  const auto made = run(values, *state);
  std::array<double, kForecastHorizons> out{};
  constexpr std::array<size_t, kForecastHorizons> kAhead = {1, 5, 15};
  for (size_t h = 0; h < kForecastHorizons; ++h) {
    double ours = 0, still = 0;
    for (size_t i = from; i + kAhead[h] < values.size(); ++i) {
      ours += std::abs(made[i]->point[h] - values[i + kAhead[h]]);
      still += std::abs(values[i] - values[i + kAhead[h]]);
    }
    out[h] = ours / still;
  }
  return out;
}

TYPED_TEST(AForecaster, learns_a_day_and_an_hour) {
  const auto relative = relative_error<TypeParam>(made_series(4 * 1440, 3), size_t{3} * 1440);
  EXPECT_LT(relative[0], 0.9);
  EXPECT_LT(relative[1], 0.85);
  EXPECT_LT(relative[2], 0.75);
}

TYPED_TEST(AForecaster, covers_as_often_as_its_quantiles_say) {
  const std::vector<float> values = made_series(4 * 1440, 4);
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  const auto made = run(values, *state);
  for (size_t q = 0; q < kForecastQuantiles; ++q) {
    size_t below = 0, all = 0;
    for (size_t i = 1440; i + 5 < values.size(); ++i, ++all) below += values[i + 5] <= made[i]->quantiles[1][q];
    EXPECT_NEAR(static_cast<double>(below) / static_cast<double>(all), static_cast<double>(kQuantiles[q]), 0.02) << q;
  }
}

TYPED_TEST(AForecaster, gives_ascending_finite_numbers_whatever_comes) {
  std::vector<float> values;
  const auto add = [&](size_t n, auto value) {
    for (size_t i = 0; i < n; ++i) values.push_back(value(i));
  };
  add(200, [](size_t) { return 0.0F; });
  add(200, [](size_t) { return 5.0F; });
  add(200, [](size_t i) { return i % 2 == 0 ? 5.0F : 5000.0F; });  // a thousandfold, and back
  add(200, [](size_t) { return 5e9F; });
  add(200, [](size_t i) { return i == 100 ? 1e12F : 3.0F; });  // one outlier
  add(200, [](size_t i) { return i % 3 == 0 ? -7.0F : 2.0F; });
  add(3000, [](size_t i) { return static_cast<float>(i % 13); });
  const size_t calm = values.size() - 1;
  add(200, [](size_t i) { return i == 100 ? 1e21F : 3.0F; });
  add(200, [](size_t i) { return i == 100 ? -1e30F : 3.0F; });
  add(200, [](size_t i) { return i % 2 == 0 ? 1e30F : 1e-30F; });
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  const auto made = run(values, *state);
  for (size_t i = 0; i < made.size(); ++i) {
    if (!made[i]) continue;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      ASSERT_TRUE(std::isfinite(made[i]->point[h])) << i;
      for (size_t q = 0; q < kForecastQuantiles; ++q) {
        ASSERT_TRUE(std::isfinite(made[i]->quantiles[h][q])) << i;
        ASSERT_TRUE(q == 0 || made[i]->quantiles[h][q] >= made[i]->quantiles[h][q - 1]) << i;
      }
    }
  }
  EXPECT_NEAR(made[399]->point[2], 5, 0.1) << "a constant series";
  EXPECT_LT(std::abs(made[calm]->point[0] - 6), 7) << "it has come back from all that";
}

TYPED_TEST(AForecaster, begins_anew_after_a_gap_and_keeps_what_it_learned) {
  const std::vector<float> values = made_series(5 * 1440, 5);
  const Forecaster<TypeParam> forecaster(settings_of<TypeParam>());
  auto state = std::make_unique<ForecasterState<TypeParam>>();
  double ours = 0, still = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i >= 3 * 1440 && i < 3 * 1440 + 200) continue;
    const auto made = feed(forecaster, *state, kFirst + static_cast<int64_t>(i), values[i]);
    if (i == 3 * 1440 + 200) {
      EXPECT_FALSE(made.has_value());
    }
    if (i < 3 * 1440 + 210 || i + 15 >= values.size()) continue;
    ASSERT_TRUE(made.has_value()) << i;
    ours += std::abs(made->point[2] - values[i + 15]);
    still += std::abs(values[i] - values[i + 15]);
  }
  EXPECT_LT(ours / still, 0.75);
}

TYPED_TEST(AForecaster, refuses_parts_of_different_times) {
  auto early = std::make_unique<ForecasterState<TypeParam>>(), late = std::make_unique<ForecasterState<TypeParam>>();
  const std::vector<float> values = made_series(401, 8);
  run(values, *late);
  run(std::vector<float>(values.begin(), values.end() - 4), *early);
  EXPECT_TRUE((ForecasterState<TypeParam>::belong_together(late->hot, late->cold)));
  EXPECT_FALSE((ForecasterState<TypeParam>::belong_together(late->hot, early->cold)));
  EXPECT_FALSE((ForecasterState<TypeParam>::belong_together(early->hot, late->cold)));
  late->cold.learned -= 2;  // within the last four steps, but no end of a block
  EXPECT_FALSE((ForecasterState<TypeParam>::belong_together(late->hot, late->cold)));
}

TEST(ForecasterState, is_of_the_size_that_is_promised) {
  EXPECT_LE(sizeof(ForecasterState<HeadroomSize>::Hot), 512u);
  EXPECT_LE(sizeof(ForecasterState<HeadroomSize>), 32u * 1024);
  EXPECT_LE(sizeof(ForecasterState<HeadroomMultivariateSize>::Hot), 512u);
  EXPECT_LE(sizeof(ForecasterState<HeadroomMultivariateSize>), 32u * 1024);
  EXPECT_LE(sizeof(ForecasterState<HeadroomSmallSize>), 4u * 1024);
}

TEST(OwnLstm, is_trained_once_enough_was_seen) {
  auto state = std::make_unique<ForecasterState<HeadroomSize>>();
  run(made_series(1200, 6), *state);
  EXPECT_FALSE(state->cold.own.begun);
  state = std::make_unique<ForecasterState<HeadroomSize>>();
  run(made_series(3000, 6), *state);
  EXPECT_TRUE(state->cold.own.begun);
  EXPECT_GE(state->cold.own.moments.updates, 50u);
}

}  // namespace
}  // namespace headroom
