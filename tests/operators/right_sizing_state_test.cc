// What right_sizing keeps: how large it is, that it comes back, and that no bytes can break it.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "headroom/state.h"
#include "operators/right_sizing.h"

namespace headroom {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;
constexpr std::string_view kTarget = "prod-eu1/checkout/Deployment/payments-api";
constexpr std::string_view kContainer = "app";
constexpr std::string_view kPod = "payments-api-7c9f6d5b4-x2x9k";

Sample sample(Metric metric, int64_t time_ms, double value, std::string_view instance = kPod) {
  Sample made;
  made.target = kTarget;
  made.container = kContainer;
  made.instance = instance;
  made.metric = metric;
  made.time_ms = time_ms;
  made.value = value;
  return made;
}

std::string bytes_of(const RightSizing::State& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

// A container heard of for two hours, every `step_ms`.
void live(const RightSizing& op, RightSizing::State& state, int64_t step_ms, std::string_view instance = kPod) {
  std::mt19937_64 random(3);
  for (int64_t time_ms = kStartMs; time_ms < kStartMs + 2 * 3'600'000; time_ms += step_ms) {
    const double noise = static_cast<double>(random() % 1'000'003) / 1'000'003.0;
    op.step(state, sample(Metric::kCpuReservedCores, time_ms, 4, instance));
    op.step(state, sample(Metric::kMemoryReservedBytes, time_ms, 4294967296.0, instance));
    op.step(state, sample(Metric::kOomKills, time_ms, static_cast<double>((time_ms - kStartMs) / 2'000'000), instance));
    op.step(state, sample(Metric::kCpuUsedCores, time_ms, noise, instance));
    op.step(state, sample(Metric::kMemoryUsedBytes, time_ms, 1e9 * noise, instance));
  }
}

// What the engine adds to a state in its page: the key, lengths, the time of the last touch, a share of the page's header.
constexpr size_t kKeyAndOverhead = kTarget.size() + kContainer.size() + 40;

TEST(RightSizingState, takes_at_most_1331_bytes_with_one_sample_a_bucket) {
  const RightSizing op{RightSizingParams{}};
  RightSizing::State state;
  live(op, state, 60'000);
  EXPECT_GT(bytes_of(state).size(), 960u);
  EXPECT_LE(bytes_of(state).size() + kKeyAndOverhead, 1331u);
}

TEST(RightSizingState, takes_at_most_2560_bytes_with_many_samples_a_bucket) {
  const RightSizing op{RightSizingParams{}};
  RightSizing::State state;
  live(op, state, 250);
  EXPECT_LE(bytes_of(state).size() + kKeyAndOverhead, 2560u);
}

TEST(RightSizingState, comes_back_the_same_and_goes_on_the_same) {
  RightSizingParams params;
  params.rules.policy = SizingPolicy::kQuantile;
  const RightSizing op{params};
  RightSizing::State state;
  live(op, state, 20'000);
  live(op, state, 20'000, "payments-api-with-a-name-much-longer-than-is-kept-within-the-instance");
  RightSizing::State restored;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(restored, bytes_of(state), dropped));
  EXPECT_EQ(dropped, 0u);
  EXPECT_EQ(bytes_of(restored), bytes_of(state));
  live(op, state, 30'000, "other");
  live(op, restored, 30'000, "other");
  EXPECT_EQ(bytes_of(restored), bytes_of(state));
}

TEST(RightSizingState, survives_any_bytes) {
  const RightSizing op{RightSizingParams{}};
  RightSizing::State state;
  live(op, state, 50'000);
  live(op, state, 45'000, "other");
  const std::string good = bytes_of(state);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (uint64_t flips = 1 + random() % 4; flips > 0; --flips) bad[random() % bad.size()] = static_cast<char>(random());
    if (i % 5 == 0) bad.resize(random() % bad.size());
    RightSizing::State restored;
    uint64_t dropped = 0;
    if (!load_state(restored, bad, dropped)) continue;
    // Bytes that make a state may make a strange one: steps must be defined for it all the same.
    for (int64_t minute = 118; minute < 123; ++minute) {
      op.step(restored, sample(Metric::kCpuUsedCores, kStartMs + minute * 60'000, 1));
      op.step(restored, sample(Metric::kMemoryUsedBytes, kStartMs + minute * 60'000, 1e9));
      op.step(restored, sample(Metric::kOomKills, kStartMs + minute * 60'000, 50));
    }
    bytes_of(restored);
  }
}

TEST(RightSizingState, another_window_forgets_usage_but_not_reservations) {
  RightSizing::State state;
  live(RightSizing{RightSizingParams{}}, state, 60'000);
  RightSizing::State restored;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(restored, bytes_of(state), dropped));
  RightSizingParams params;
  params.rules.window_ms = 600'000;
  params.rules.patience = 1;
  params.rules.min_history_ms = 0;
  params.rules.limits.cooldown_ms = 0;
  params.rules.limits.repeat_after_ms = 0;
  const RightSizing op{params};
  const int64_t later_ms = kStartMs + 2 * 3'600'000;
  EXPECT_FALSE(op.step(restored, sample(Metric::kCpuUsedCores, later_ms, 0.5)));  // starts the newest bucket
  const auto assessment = op.step(restored, sample(Metric::kCpuUsedCores, later_ms + 10'000, 0.5));
  ASSERT_TRUE(assessment);
  EXPECT_EQ(assessment->evidence.samples, 1u);
  EXPECT_EQ(assessment->current, 4'000'000);
}

TEST(RightSizing, ignores_times_beyond_all_calendars) {
  const RightSizing op{RightSizingParams{}};
  RightSizing::State state;
  for (const Metric metric : {Metric::kCpuUsedCores, Metric::kMemoryReservedBytes, Metric::kOomKills}) {
    for (const int64_t time_ms : {INT64_MAX, INT64_MIN}) {
      const auto assessment = op.step(state, sample(metric, time_ms, 1));
      ASSERT_TRUE(assessment);
      EXPECT_EQ(assessment->outcome, Outcome::kLate);
    }
  }
  EXPECT_EQ(state.instances.size(), 0u);
}

TEST(RightSizing, keeps_containers_for_25_hours_and_longer_for_quantiles_and_long_windows) {
  constexpr int64_t kHourMs = 3'600'000;
  RightSizingParams params;
  EXPECT_EQ(RightSizing{params}.idle_ms(), 25 * kHourMs);
  params.rules.window_ms = 24 * kHourMs;
  EXPECT_EQ(RightSizing{params}.idle_ms(), 48 * kHourMs);
  params.overrides.push_back({"**", params.rules});
  params.overrides.back().rules.policy = SizingPolicy::kQuantile;
  EXPECT_EQ(RightSizing{params}.idle_ms(), 8 * 24 * kHourMs);
}

TEST(RightSizing, one_setting_turns_every_apply_into_propose) {
  RightSizingParams params;
  params.propose_only = true;
  params.modes.push_back({"prod-eu1/**", ActionMode::kApply});
  params.rules.patience = 1;
  const RightSizing op{params};
  RightSizing::State state;
  op.step(state, sample(Metric::kCpuReservedCores, kStartMs, 4));
  std::optional<Assessment> last;
  for (int minute = 0; minute <= 30; ++minute) last = op.step(state, sample(Metric::kCpuUsedCores, kStartMs + minute * 60'000, 0.5));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->outcome, Outcome::kCommand);
  EXPECT_EQ(last->mode, ActionMode::kPropose);
}

}  // namespace
}  // namespace headroom
