#include "forecast/lstm_training.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace headroom {
namespace {

// What is lacking follows from the first input, with noise.
LstmSeries made_series(size_t steps, uint64_t seed) {
  LstmSeries out;
  for (size_t i = 0; i < steps; ++i) {
    LstmInput input{};
    for (float& x : input) x = static_cast<float>(next_random(seed) >> 40) / static_cast<float>(1 << 24) - 0.5F;
    out.inputs.push_back(input);
    out.targets.push_back({2 * input[0] + 0.1F * input[1], input[0], i + 15 < steps ? input[2] : std::nanf("")});
  }
  return out;
}

std::array<float, kLstmSize> flat(const LstmWeights& weights) {
  std::array<float, kLstmSize> out;
  flatten(weights, out);
  return out;
}

TEST(LstmTraining, gives_in_pieces_the_bits_that_it_gives_at_once) {
  const LstmSeries a = made_series(600, 1), b = made_series(400, 2);
  LstmTraining training;
  training.updates = 60;
  training.windows = 6;
  training.steps = 24;
  training.burn = 4;
  const auto whole = flat(train_lstm({&a, &b}, training));
  LstmTrainingState state = begin_training(training);
  for (const size_t piece : {1, 7, 22, 100}) {
    LstmTrainingState restored = state;
    train_lstm({&a, &b}, training, piece, restored);
    state = restored;
  }
  EXPECT_EQ(state.updates, 60u);
  EXPECT_EQ(flat(state.weights), whole);
  training.seed = 2;
  EXPECT_NE(flat(train_lstm({&a, &b}, training)), whole);
}

TEST(LstmTraining, heeds_the_shape_of_the_loss) {
  const LstmSeries a = made_series(600, 1);
  LstmTraining training;
  training.updates = 5;
  const auto usual = flat(train_lstm({&a}, training));
  training.loss.smooth = 1;
  EXPECT_NE(flat(train_lstm({&a}, training)), usual);
}

TEST(LstmTraining, learns_what_is_there_to_learn_and_says_so_on_other_series) {
  const LstmSeries a = made_series(3000, 1), other = made_series(1000, 5);
  LstmTraining training;
  training.updates = 400;
  training.rate = 1e-2F;
  EXPECT_EQ(relative_loss({}, other, 24), 1);
  EXPECT_LT(relative_loss(train_lstm({&a}, training), other, 24), 0.5);
  EXPECT_EQ(relative_loss(begin_lstm(1), {}, 24), 1) << "nothing to judge";
}

TEST(LstmTraining, passes_over_series_that_are_too_short) {
  const LstmSeries small = made_series(100, 1);
  LstmTraining training;
  LstmTrainingState state = begin_training(training);
  train_lstm({&small}, training, 10, state);
  EXPECT_EQ(state.updates, 0u);
}

}  // namespace
}  // namespace headroom
