// What detectors keep: how large it is, that it comes back, that no bytes can break it, and that another meaning begins anew.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "headroom/state.h"
#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

std::string bytes_of(const LagDetector::State& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

// A label set through ticks of five seconds, without an engine.
struct Ticks {
  explicit Ticks(const LagDetectorParams& params) : detector(params), select(params) {}

  void tick(int64_t lag_ms) {
    now_ms += kTickMs + static_cast<int64_t>(random() % 40);
    LagStanding standing;
    standing.time_ms = now_ms;
    standing.cluster = "production-eu-1";
    standing.group = "payments-settlement-consumer";
    standing.topic = "payments.settlement.v2";
    standing.labels = "env=production\x1fview=site_impact";
    standing.lag_ms = lag_ms;
    Emitter<LagFinding> emit(found);
    detector.step(state, *select(standing), emit);
    standing.kind = StandingKind::kEndOfTick;
    detector.step_all({"production\x1fsite_impact\x1f"
                       "3",
                       {}},
                      state, *select(standing), emit);
  }

  LagDetector detector;
  LagSelect select;
  LagDetector::State state;
  std::vector<std::pair<uint32_t, LagFinding>> found;
  std::mt19937_64 random{3};
  int64_t now_ms = kStartMs;
};

TEST(LagDetectorState, takes_at_most_64_bytes_a_label_set_with_a_row_or_an_incident) {
  LagDetectorParams params = above_100_s();
  Ticks ticks(params);
  ticks.tick(5000);
  EXPECT_LE(bytes_of(ticks.state).size(), 12u) << "at rest";
  params.for_ms = 60'000;
  Ticks row(params);
  row.tick(5'000'000);
  EXPECT_FALSE(row.state.incident.has_value());
  EXPECT_LE(bytes_of(row.state).size(), 64u);
  Ticks open(above_100_s());
  open.tick(5'000'000);
  ASSERT_TRUE(open.state.incident.has_value());
  EXPECT_LE(bytes_of(open.state).size(), 64u);
}

TEST(LagDetectorState, takes_at_most_8_bytes_more_for_10_s_of_window) {
  for (const auto over : {LagOver::kMax, LagOver::kMin, LagOver::kMean}) {
    LagDetectorParams params = above_100_s();
    params.over = over;
    params.window_ms = 300'000;
    Ticks ticks(params);
    size_t most = 0;
    // Falls for ten minutes, then rises: each extreme has its worst case.
    for (int i = 0; i < 240; ++i) {
      const int64_t lag_ms = i < 120 ? 4'000'000 - i * 30'000 : i * 30'000;
      ticks.tick(lag_ms + static_cast<int64_t>(ticks.random() % 4000));
      most = std::max(most, bytes_of(ticks.state).size());
    }
    EXPECT_LE(most, 64u + 8u * 30u);
    EXPECT_GT(most, 150u) << "the window is full at all";
  }
}

TEST(LagDetectorState, comes_back_the_same) {
  LagDetectorParams params = above_100_s();
  params.over = LagOver::kMean;
  Ticks ticks(params);
  for (int i = 0; i < 100; ++i) {
    ticks.tick(static_cast<int64_t>(ticks.random() % 200'000));
    const std::string bytes = bytes_of(ticks.state);
    LagDetector::State again;
    uint64_t dropped = 0;
    ASSERT_TRUE(load_state(again, bytes, dropped));
    EXPECT_EQ(bytes_of(again), bytes);
  }
  EXPECT_FALSE(ticks.found.empty());
}

TEST(LagDetectorState, survives_any_bytes) {
  LagDetectorParams params = above_100_s();
  params.over = LagOver::kMean;
  Ticks ticks(params);
  for (int i = 0; i < 60; ++i) ticks.tick(200'000);
  const std::string good = bytes_of(ticks.state);
  size_t loaded = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (uint64_t k = 0; k <= ticks.random() % 3; ++k) bytes[ticks.random() % bytes.size()] = static_cast<char>(ticks.random());
    ticks.state = {};
    uint64_t dropped = 0;
    if (!load_state(ticks.state, bytes, dropped)) {
      ticks.state = {};
      continue;
    }
    ++loaded;
    ticks.tick(200'000);
    ticks.tick(1);
    ticks.found.clear();
  }
  EXPECT_GT(loaded, 1000u);
}

TEST(LagDetectorState, ends_incidents_of_a_detector_that_means_something_else_now_and_begins_anew) {
  LagDetectorParams params = above_100_s();
  params.over = LagOver::kMax;
  Ticks before(params);
  before.tick(500'000);
  ASSERT_EQ(before.found.size(), 1u);
  params.aggregation = LagAggregation::kSum;
  Ticks after(params);
  after.state = before.state;
  after.tick(50'000);
  ASSERT_EQ(after.found.size(), 1u);
  EXPECT_EQ(after.found[0].second.alert->state, AlertState::kResolved);
  EXPECT_EQ(after.found[0].second.alert->end, AlertEnd::kChanged);
  EXPECT_EQ(after.found[0].second.alert->incident, before.found[0].second.alert->incident);
  after.tick(60'000);
  EXPECT_EQ(after.found.size(), 1u) << "the old window would have fired again";
}

TEST(LagDetectorState, goes_on_with_another_threshold_or_severity) {
  LagDetectorParams params = above_100_s();
  Ticks before(params);
  before.tick(500'000);
  params.threshold_micro = 400'000'000;
  params.severity = AlertSeverity::kInfo;
  Ticks after(params);
  after.state = before.state;
  after.tick(500'000);
  EXPECT_TRUE(after.found.empty());
  after.tick(300'000);
  ASSERT_EQ(after.found.size(), 1u);
  EXPECT_EQ(after.found[0].second.alert->end, AlertEnd::kCleared);
}

}  // namespace
}  // namespace headroom::testing
