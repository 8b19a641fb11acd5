// Partitions and groups as lag_watch's operators put them together: what goes where, what is kept, what is forgotten.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "headroom/state.h"
#include "operators/lag_groups.h"
#include "operators/lag_partitions.h"

namespace headroom {
namespace {

constexpr int64_t kStartMs = 1'767'571'200'000;

template <class State>
std::string bytes_of(const State& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

LagSample sample_at(int64_t seconds, int64_t committed, int64_t end) {
  static constexpr LagLabel kLabels[] = {{"env", "production"}, {"view", "site_impact"}};
  LagSample in;
  in.cluster = "prod";
  in.group = "payments";
  in.topic = "orders";
  in.partition = 3;
  in.group_key = "prod\x1fpayments";
  in.partition_key =
      "orders\x1f"
      "3";
  in.observed_ms = kStartMs + seconds * 1000 - 100;
  in.committed_offset = committed;
  in.log_start_offset = 0;
  in.end_offset = in.last_stable_offset = end;
  in.consumed_time_ms = in.observed_ms - (end - committed) * 10;
  in.end_time_ms = in.observed_ms;
  if (end > committed) in.unread_time_ms = in.consumed_time_ms;
  in.quality = LagQuality::kExact;
  in.group_state = "Stable";
  in.members = 4;
  in.assigned = true;
  in.retention_ms = 604'800'000;
  in.labels = kLabels;
  return in;
}

LagEvent event_of(const LagSample& sample) {
  LagEvent event;
  event.time_ms = sample.observed_ms;
  event.sample = sample;
  return event;
}

LagEvent tick_at(int64_t seconds) {
  LagEvent event;
  event.kind = LagKind::kTick;
  event.time_ms = event.tick.tick_ms = kStartMs + seconds * 1000;
  event.tick.interval_ms = 5'000;
  return event;
}

class LagPartitionState : public ::testing::Test {
 protected:
  std::vector<LagStanding> step(const LagEvent& in) {
    std::vector<std::pair<uint32_t, LagStanding>> out;
    Emitter<LagStanding> emit(out);
    if (LagPartitions::for_all(in)) {
      op_.step_all({"prod\x1fpayments",
                    "orders\x1f"
                    "3"},
                   state_, in, emit);
      op_.after_all(in, emit);
    } else {
      op_.step(state_, in, emit);
    }
    std::vector<LagStanding> standings;
    for (auto& [ordinal, standing] : out) standings.push_back(standing);
    return standings;
  }
  // A group that is read at 1,000 records a second and commits every cycle; at `behind` records of lag.
  void live(int cycles, int64_t behind) {
    for (int i = 0; i < cycles; ++i) {
      seconds_ += 5;
      const int64_t end = 1'000'000'000 + seconds_ * 1000;
      EXPECT_TRUE(step(event_of(sample_at(seconds_, end - behind, end))).empty());
      EXPECT_EQ(step(tick_at(seconds_)).size(), 2u);
    }
  }

  LagPartitions op_{LagJudgingParams{}};
  LagPartitions::State state_;
  int64_t seconds_ = 0;
};

TEST_F(LagPartitionState, takes_at_most_300_bytes_beyond_its_names) {
  live(1'000, 50'000);
  const size_t names = state_.labels.size();
  EXPECT_GT(bytes_of(state_).size(), 120u);
  EXPECT_LE(bytes_of(state_).size() - names, 300u);
  RecordProperty("bytes", static_cast<int>(bytes_of(state_).size() - names));
  std::printf("%zu bytes beyond its names\n", bytes_of(state_).size() - names);
}

TEST_F(LagPartitionState, comes_back_from_its_bytes_and_no_bytes_break_it) {
  live(50, 50'000);
  const std::string bytes = bytes_of(state_);
  LagPartitions::State back;
  uint64_t dropped = 0;
  ASSERT_TRUE(load_state(back, bytes, dropped));
  EXPECT_EQ(bytes_of(back), bytes);
  std::mt19937_64 random(9);
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = bytes;
    for (uint64_t i = 1 + random() % 3; i > 0; --i) broken[random() % broken.size()] = static_cast<char>(random());
    state_ = {};
    if (!load_state(state_, broken, dropped)) continue;
    step(event_of(sample_at(1'000, 5, 10)));
    step(tick_at(1'000));
  }
}

TEST_F(LagPartitionState, is_told_with_its_names_and_labels_then_the_end_of_the_tick) {
  step(event_of(sample_at(5, 90, 100)));
  const auto out = step(tick_at(5));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].kind, StandingKind::kPartition);
  EXPECT_EQ(out[0].cluster, "prod");
  EXPECT_EQ(out[0].group, "payments");
  EXPECT_EQ(out[0].topic, "orders");
  EXPECT_EQ(out[0].partition, 3);
  EXPECT_EQ(out[0].labels, "env=production\x1fview=site_impact");
  EXPECT_EQ(out[0].group_state, "Stable");
  EXPECT_TRUE(out[0].fresh);
  EXPECT_EQ(out[1].kind, StandingKind::kEndOfTick);
  EXPECT_EQ(out[1].time_ms, kStartMs + 5'000);
  EXPECT_EQ(out[1].interval_ms, 5'000);
  EXPECT_FALSE(step(tick_at(10))[0].fresh);
}

TEST_F(LagPartitionState, takes_over_labels_that_change) {
  static constexpr LagLabel kOther[] = {{"env", "production"}, {"view", "site"}};
  LagSample in = sample_at(5, 90, 100);
  step(event_of(in));
  in.observed_ms += 5'000;
  in.labels = kOther;
  step(event_of(in));
  EXPECT_EQ(step(tick_at(10))[0].labels, "env=production\x1fview=site");
  in.observed_ms += 5'000;
  in.labels = {};
  step(event_of(in));
  EXPECT_EQ(step(tick_at(15))[0].labels, "");
}

TEST_F(LagPartitionState, is_not_changed_by_a_sample_that_came_before) {
  live(5, 100);
  const std::string bytes = bytes_of(state_);
  step(event_of(sample_at(seconds_, 1, 2)));
  step(event_of(sample_at(seconds_ - 5, 1, 2)));
  EXPECT_EQ(bytes_of(state_), bytes);
}

TEST_F(LagPartitionState, tells_no_lag_that_it_does_not_know) {
  live(30, 100);
  auto out = step(tick_at(seconds_ + 16))[0];
  EXPECT_EQ(out.verdict, LagVerdict::kUnknown);
  EXPECT_FALSE(out.lag_records || out.lag_ms || out.catch_up_ms || out.loss_ms || out.produced_milli || out.consumed_milli);
  LagSample in = sample_at(seconds_ + 20, 1, 2);
  in.end_offset.reset(), in.last_stable_offset.reset(), in.log_start_offset.reset();
  step(event_of(in));
  out = step(tick_at(seconds_ + 20))[0];
  EXPECT_EQ(out.verdict, LagVerdict::kUnknown);
  EXPECT_FALSE(out.lag_records || out.lag_ms);
}

// The first allowance that fits counts; a name may have slashes.
TEST(LagAllowances, make_lag_of_a_group_that_commits_nothing_ok) {
  const auto verdict = [](std::vector<LagAllowance> allowed) {
    LagJudgingParams params;
    params.allowed = std::move(allowed);
    params.first_commit_interval_ms = 10'000;
    const LagPartitions op(params);
    LagPartitions::State state;
    std::vector<std::pair<uint32_t, LagStanding>> out;
    Emitter<LagStanding> emit(out);
    for (int64_t seconds = 5; seconds <= 60; seconds += 5) {
      out.clear();
      LagSample in = sample_at(seconds, 900, 1'000);
      in.consumed_time_ms = in.unread_time_ms.emplace(kStartMs);
      op.step(state, event_of(in), emit);
      op.step_all({"prod\x1fteam/payments", in.partition_key}, state, tick_at(seconds), emit);
    }
    return out.at(0).second.verdict;
  };
  EXPECT_EQ(verdict({}), LagVerdict::kStalled);
  EXPECT_EQ(verdict({{"team*", "", 100}}), LagVerdict::kOk);
  EXPECT_EQ(verdict({{"team*", "", 99}}), LagVerdict::kStalled);
  EXPECT_EQ(verdict({{"team*", "refunds", 100}}), LagVerdict::kStalled);
  EXPECT_EQ(verdict({{"team*", "ord*", 100}, {"*", "", 0}}), LagVerdict::kOk);
  EXPECT_EQ(verdict({{"*", "", 0}, {"team*", "", 100}}), LagVerdict::kStalled);
}

TEST_F(LagPartitionState, is_forgotten_after_an_hour_of_ticks_without_a_sample) {
  live(5, 100);
  for (int i = 1; i < 720; ++i) ASSERT_EQ(step(tick_at(seconds_ + i * 5)).size(), 2u) << i;
  EXPECT_EQ(step(tick_at(seconds_ + 3600)).size(), 1u);
  EXPECT_EQ(bytes_of(state_), bytes_of(LagPartitions::State{}));
}

TEST_F(LagPartitionState, is_emptied_when_its_group_is_forgotten_and_no_other) {
  live(5, 100);
  LagEvent in;
  in.kind = LagKind::kForgotten;
  in.time_ms = kStartMs + 100'000;
  in.forgotten = {.cluster = "prod", .group = "other", .reason = "deleted"};
  const std::string bytes = bytes_of(state_);
  EXPECT_EQ(step(in).size(), 1u);
  EXPECT_EQ(bytes_of(state_), bytes);
  in.forgotten.group = "payments";
  const auto out = step(in);
  EXPECT_EQ(bytes_of(state_), bytes_of(LagPartitions::State{}));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].kind, StandingKind::kForgotten);
  EXPECT_EQ(out[0].group, "payments");
  EXPECT_EQ(out[0].forgotten.reason, "deleted");
  EXPECT_EQ(step(tick_at(105)).size(), 1u) << "nothing is said of it any more";
}

TEST_F(LagPartitionState, lets_a_context_through) {
  LagEvent in;
  in.kind = LagKind::kContext;
  in.time_ms = kStartMs;
  in.context.cluster = "prod";
  in.context.group = "payments";
  in.context.target = "prod/shop/Deployment/pay";
  const auto out = step(in);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].kind, StandingKind::kContext);
  EXPECT_EQ(out[0].group, "payments");
  EXPECT_EQ(out[0].context.target, "prod/shop/Deployment/pay");
  EXPECT_EQ(bytes_of(state_), bytes_of(LagPartitions::State{}));
}

class LagGroupState : public ::testing::Test {
 protected:
  static LagStanding partition(std::string_view topic, int32_t number, LagVerdict verdict, int64_t lag_records) {
    LagStanding in;
    in.cluster = "prod";
    in.group = "payments";
    in.topic = topic;
    in.partition = number;
    in.labels = "env=production";
    in.verdict = verdict;
    in.lag_records = lag_records;
    in.lag_ms = lag_records * 10;
    in.produced_milli = 1'000;
    in.consumed_milli = 2'000;
    in.catch_up_ms = lag_records;
    in.sample_ms = kStartMs;
    in.members = 4;
    in.assigned = true;
    in.group_state = "Stable";
    return in;
  }
  void add(const LagStanding& in) { step(in); }
  std::vector<LagGroupStanding> step(const LagStanding& in) {
    std::vector<std::pair<uint32_t, LagGroupStanding>> out;
    Emitter<LagGroupStanding> emit(out);
    if (LagGroups::for_all(in))
      op_.step_all({"prod", "payments"}, state_, in, emit);
    else
      op_.step(state_, in, emit);
    std::vector<LagGroupStanding> standings;
    for (auto& [ordinal, standing] : out) standings.push_back(standing);
    return standings;
  }
  std::vector<LagGroupStanding> tick(int64_t seconds) {
    LagStanding in;
    in.kind = StandingKind::kEndOfTick;
    in.time_ms = kStartMs + seconds * 1000;
    in.interval_ms = 5'000;
    return step(in);
  }
  void tell_context(int64_t seconds) {
    LagStanding in;
    in.kind = StandingKind::kContext;
    in.time_ms = kStartMs + seconds * 1000;
    in.cluster = in.context.cluster = "prod";
    in.group = in.context.group = "payments";
    in.context.target = "prod/shop/Deployment/pay";
    in.context.cpu_used_ratio = 0.97;
    in.context.host = "node-7";
    step(in);
  }

  LagGroups op_;
  LagGroups::State state_;
};

TEST_F(LagGroupState, is_its_worst_partition) {
  // Every verdict against every other, in both orders.
  for (int a = 0; a < 10; ++a) {
    for (int b = 0; b < 10; ++b) {
      state_ = {};
      add(partition("t", 0, static_cast<LagVerdict>(a), 5));
      add(partition("t", 1, static_cast<LagVerdict>(b), 5));
      const auto out = tick(5);
      ASSERT_EQ(out.size(), 1u);
      EXPECT_EQ(out[0].verdict, static_cast<LagVerdict>(std::max(a, b)));
      EXPECT_EQ(out[0].worst_partition, b > a ? 1 : 0);
    }
  }
}

TEST_F(LagGroupState, names_of_the_worst_the_one_with_the_most_lag_then_the_first_by_name_and_number) {
  add(partition("b", 1, LagVerdict::kStalled, 10));
  add(partition("b", 0, LagVerdict::kStalled, 10));
  add(partition("c", 0, LagVerdict::kStalled, 10));
  add(partition("a", 0, LagVerdict::kStalled, 9));
  add(partition("a", 1, LagVerdict::kOk, 99));
  auto out = tick(5);
  EXPECT_EQ(out[0].worst_topic, "b");
  EXPECT_EQ(out[0].worst_partition, 0);
  add(partition("b", 0, LagVerdict::kStalled, 10));
  add(partition("a", 7, LagVerdict::kStalled, 11));
  out = tick(10);
  EXPECT_EQ(out[0].worst_topic, "a");
  EXPECT_EQ(out[0].worst_partition, 7);
}

TEST_F(LagGroupState, adds_up_what_is_known) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  add(partition("a", 1, LagVerdict::kOk, 30));
  LagStanding in = partition("b", 0, LagVerdict::kUnknown, 0);
  in.lag_records.reset(), in.lag_ms.reset(), in.produced_milli.reset(), in.consumed_milli.reset(), in.assigned = false;
  in.lost_records = 7;
  add(in);
  in = partition("b", 1, LagVerdict::kOk, 5);
  in.assigned.reset();
  in.loss_ms = 500;
  add(in);
  in = partition("a", 2, LagVerdict::kOk, 5);
  in.loss_ms = 400;
  add(in);
  const auto out = tick(5)[0];
  EXPECT_EQ(out.time_ms, kStartMs + 5'000);
  EXPECT_EQ(out.interval_ms, 5'000);
  EXPECT_EQ(out.cluster, "prod");
  EXPECT_EQ(out.group, "payments");
  EXPECT_EQ(out.labels, "env=production");
  EXPECT_EQ(out.partitions, 5);
  EXPECT_EQ(out.widest_topic, 3);
  EXPECT_EQ(out.assigned, 3);
  EXPECT_EQ(out.lag_records, 50);
  EXPECT_EQ(out.max_lag_ms, 300);
  EXPECT_EQ(out.produced_milli, 4'000);
  EXPECT_EQ(out.consumed_milli, 8'000);
  EXPECT_EQ(out.catch_up_ms, 30);
  EXPECT_EQ(out.loss_ms, 400);
  EXPECT_EQ(out.lost_records, 7);
  EXPECT_EQ(out.members, 4);
  EXPECT_EQ(out.group_state, "Stable");
  EXPECT_FALSE(out.forgotten);
}

TEST_F(LagGroupState, counts_partitions_that_are_behind_and_those_of_which_nothing_is_known) {
  LagStanding in = partition("a", 0, LagVerdict::kOk, 10);
  in.time_ms = kStartMs + 5'000;
  in.interval_ms = 5'000;
  in.end_offset = 100;
  in.commit_interval_ms = 60'000;
  in.lag_ms = 65'000;
  add(in);
  in.lag_ms = 65'001;
  add(in);
  in.assigned = false;
  add(in);
  in.commit_interval_ms.reset();
  in.lag_ms = 5'001;
  add(in);
  in.lag_ms.reset();
  in.sample_ms = in.time_ms - 15'001;
  add(in);
  in.sample_ms = in.time_ms - 15'000;
  add(in);
  in.end_offset.reset();
  add(in);
  const auto out = tick(5)[0];
  EXPECT_EQ(out.behind, 3);
  EXPECT_EQ(out.assigned_behind, 1);
  EXPECT_EQ(out.missing, 2);
}

TEST_F(LagGroupState, never_catches_up_when_one_partition_does_not) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  LagStanding in = partition("a", 1, LagVerdict::kStalled, 10);
  in.catch_up_ms.reset();
  add(in);
  EXPECT_FALSE(tick(5)[0].catch_up_ms);
}

TEST_F(LagGroupState, knows_nothing_of_the_assignment_when_no_partition_does) {
  LagStanding in = partition("a", 0, LagVerdict::kOk, 10);
  in.assigned.reset(), in.members.reset(), in.group_state = {};
  add(in);
  const auto out = tick(5)[0];
  EXPECT_FALSE(out.assigned || out.members);
  EXPECT_EQ(out.group_state, "");
}

TEST_F(LagGroupState, tells_since_when_its_verdict_holds) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(5)[0].since_ms, kStartMs + 5'000);
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(10)[0].since_ms, kStartMs + 5'000);
  add(partition("a", 0, LagVerdict::kStalled, 10));
  EXPECT_EQ(tick(15)[0].since_ms, kStartMs + 15'000);
}

TEST_F(LagGroupState, is_told_only_at_ticks_that_had_a_partition_of_it) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(5).size(), 1u);
  EXPECT_EQ(tick(10).size(), 0u);
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(15)[0].partitions, 1) << "nothing is left of the tick before";
}

TEST_F(LagGroupState, remembers_a_context_for_an_hour) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(5)[0].context.group, "");
  tell_context(6);
  add(partition("a", 0, LagVerdict::kOk, 10));
  auto out = tick(10)[0];
  EXPECT_EQ(out.context.group, "payments");
  EXPECT_EQ(out.context.target, "prod/shop/Deployment/pay");
  EXPECT_EQ(out.context.cpu_used_ratio, 0.97);
  EXPECT_EQ(out.context.host, "node-7");
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(3605)[0].context.group, "payments");
  add(partition("a", 0, LagVerdict::kOk, 10));
  EXPECT_EQ(tick(3606)[0].context.group, "");
}

TEST_F(LagGroupState, is_told_once_as_forgotten_and_emptied) {
  add(partition("a", 0, LagVerdict::kOk, 10));
  tell_context(1);
  tick(5);
  LagStanding in;
  in.kind = StandingKind::kForgotten;
  in.time_ms = kStartMs + 6'000;
  in.cluster = "prod";
  in.group = "payments";
  const auto out = step(in);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].forgotten);
  EXPECT_EQ(out[0].group, "payments");
  EXPECT_EQ(bytes_of(state_), bytes_of(LagGroups::State{}));
  EXPECT_EQ(step(in).size(), 0u) << "it was not known any more";
}

TEST_F(LagGroupState, counts_a_bounded_number_of_topics) {
  for (int i = 0; i < 5'000; ++i) add(partition("t" + std::to_string(i), 0, LagVerdict::kOk, 1));
  EXPECT_LE(state_.sum.topics.size(), GroupSum::kMostTopics);
  EXPECT_EQ(tick(5)[0].partitions, 5'000);
}

}  // namespace
}  // namespace headroom
