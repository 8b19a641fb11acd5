#include "policy/moving_results.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace headroom {
namespace {

constexpr int64_t kStartMs = 1'795'342'500'000;
constexpr int64_t kWindowMs = 300'000;

std::string bytes_of(const MovingResults& results) {
  std::string bytes;
  ByteWriter writer(bytes);
  results.save(writer);
  return bytes;
}

struct Seen {
  int64_t time_ms;
  int64_t value;
};

int64_t by_definition(MovingKind kind, const std::vector<Seen>& all) {
  int64_t result = all.back().value;
  int64_t sum = 0;
  int64_t count = 0;
  for (const Seen& one : all) {
    if (one.time_ms <= all.back().time_ms - kWindowMs) continue;
    sum += one.value, ++count;
    if (kind == MovingKind::kMax) result = std::max(result, one.value);
    if (kind == MovingKind::kMin) result = std::min(result, one.value);
  }
  return kind == MovingKind::kMean ? sum / count : result;
}

TEST(MovingResults, are_exact_for_ticks_of_four_seconds_and_more_however_they_jitter) {
  std::mt19937_64 random(5);
  for (const auto kind : {MovingKind::kMax, MovingKind::kMin, MovingKind::kMean}) {
    MovingResults results;
    std::vector<Seen> all;
    int64_t now_ms = kStartMs;
    int64_t value = 1'000'000;
    for (int i = 0; i < 3000; ++i) {
      now_ms += 4000 + static_cast<int64_t>(random() % 2500) + (random() % 200 == 0 ? 400'000 : 0);
      value = std::max<int64_t>(0, value + static_cast<int64_t>(random() % 20'001) - 10'000);
      all.push_back({now_ms, value});
      ASSERT_EQ(results.add(kind, kWindowMs, now_ms, value), by_definition(kind, all)) << i;
    }
  }
}

TEST(MovingResults, leave_the_window_at_its_very_end) {
  MovingResults results;
  EXPECT_EQ(results.add(MovingKind::kMax, kWindowMs, kStartMs, 9), 9);
  EXPECT_EQ(results.add(MovingKind::kMax, kWindowMs, kStartMs + kWindowMs - 1, 2), 9);
  EXPECT_EQ(results.add(MovingKind::kMax, kWindowMs, kStartMs + kWindowMs, 1), 2);
}

TEST(MovingResults, never_lose_an_extreme_to_ticks_that_come_faster) {
  MovingResults results;
  std::vector<Seen> all;
  std::mt19937_64 random(6);
  for (int64_t now_ms = kStartMs; now_ms < kStartMs + 1'000'000; now_ms += 500) {
    all.push_back({now_ms, static_cast<int64_t>(random() % 1000)});
    const int64_t result = results.add(MovingKind::kMax, kWindowMs, now_ms, all.back().value);
    ASSERT_GE(result, by_definition(MovingKind::kMax, all));
  }
  EXPECT_LE(bytes_of(results).size(), 76 * 4u) << "and are kept as one for each slot of four seconds";
}

TEST(MovingResults, take_a_time_before_the_last_one_as_the_last_ones) {
  MovingResults results;
  results.add(MovingKind::kMax, kWindowMs, kStartMs, 5);
  EXPECT_EQ(results.add(MovingKind::kMax, kWindowMs, kStartMs - 1'000'000, 7), 7);
  EXPECT_EQ(results.add(MovingKind::kMax, kWindowMs, kStartMs + kWindowMs - 1, 1), 7);
}

TEST(MovingResults, keep_values_within_their_bounds) {
  MovingResults results;
  EXPECT_EQ(results.add(MovingKind::kMean, kWindowMs, kStartMs, INT64_MAX), MovingResults::kMost);
  EXPECT_EQ(results.add(MovingKind::kMean, kWindowMs, kStartMs + 5000, -4), MovingResults::kMost / 2);
}

TEST(MovingResults, come_back_the_same_and_go_on_the_same) {
  std::mt19937_64 random(8);
  for (const auto kind : {MovingKind::kMax, MovingKind::kMin, MovingKind::kMean}) {
    MovingResults results;
    int64_t now_ms = kStartMs;
    for (int i = 0; i < 400; ++i) {
      now_ms += 4000 + static_cast<int64_t>(random() % 5000);
      const auto value = static_cast<int64_t>(random() % MovingResults::kMost);
      const std::string bytes = bytes_of(results);
      MovingResults again;
      ByteReader reader(bytes);
      ASSERT_TRUE(again.load(reader) && reader.empty());
      ASSERT_EQ(bytes_of(again), bytes);
      ASSERT_EQ(again.add(kind, kWindowMs, now_ms, value), results.add(kind, kWindowMs, now_ms, value));
    }
  }
}

TEST(MovingResults, take_four_bytes_a_tick_of_five_seconds) {
  MovingResults results;
  std::mt19937_64 random(9);
  int64_t lag_ms = 1'300'000;
  for (int i = 0; i < 200; ++i) {
    lag_ms += static_cast<int64_t>(random() % 120'000) - 60'000;
    results.add(MovingKind::kMean, kWindowMs, kStartMs + i * 5000 + static_cast<int64_t>(random() % 50), std::max<int64_t>(lag_ms, 0));
  }
  EXPECT_LE(bytes_of(results).size(), 8u * kWindowMs / 10'000 + 8u) << "and at most eight for the count and the first time";
}

TEST(MovingResults, survive_any_bytes) {
  std::mt19937_64 random(10);
  MovingResults results;
  for (int i = 0; i < 60; ++i) results.add(MovingKind::kMean, kWindowMs, kStartMs + i * 5000, static_cast<int64_t>(random() % 1'000'000));
  const std::string good = bytes_of(results);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (uint64_t k = 0; k <= random() % 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    MovingResults loaded;
    ByteReader reader(bytes);
    if (!loaded.load(reader)) continue;
    EXPECT_GE(loaded.add(MovingKind::kMean, kWindowMs, INT64_MAX / 2, 1), 0);
  }
}

}  // namespace
}  // namespace headroom
