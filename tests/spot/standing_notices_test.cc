#include "spot/standing_notices.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kNow = 1'800'000'000'000;
constexpr int64_t kMinute = 60'000;

Notice notice(NoticeKind kind, int64_t deadline_ms) {
  return {SpotProvider::kAzure, kind, deadline_ms};
}

NoticeChange look(StandingNotices& notices, std::vector<Notice> told, int64_t now_ms = kNow) {
  return notices.update(told, now_ms);
}

TEST(StandingNotices, are_fresh_and_due_once) {
  StandingNotices notices{SpotConfig()};
  const Notice preempt = notice(NoticeKind::kPreempt, 0);
  EXPECT_TRUE(look(notices, {}).fresh.empty());
  const auto first = look(notices, {preempt});
  EXPECT_EQ(first.fresh, std::vector{preempt});
  EXPECT_EQ(first.due, preempt);
  const auto again = look(notices, {preempt});
  EXPECT_TRUE(again.fresh.empty());
  EXPECT_EQ(again.due, std::nullopt);
}

TEST(StandingNotices, are_due_only_so_long_ahead_of_their_time) {
  SpotConfig config;
  config.leave_before_ms = 2 * kMinute;
  StandingNotices notices{config};
  const Notice reboot = notice(NoticeKind::kReboot, kNow + 15 * kMinute);
  const auto seen = look(notices, {reboot});
  EXPECT_EQ(seen.fresh, std::vector{reboot});
  EXPECT_EQ(seen.due, std::nullopt);
  EXPECT_EQ(look(notices, {reboot}, kNow + 13 * kMinute - 1).due, std::nullopt);
  EXPECT_EQ(look(notices, {reboot}, kNow + 13 * kMinute).due, reboot);
}

TEST(StandingNotices, take_another_one_that_is_due_before_the_first) {
  StandingNotices notices{SpotConfig()};
  const Notice later = notice(NoticeKind::kRedeploy, kNow + 60 * kMinute);
  const Notice sooner = notice(NoticeKind::kPreempt, kNow + kMinute / 2);
  EXPECT_EQ(look(notices, {later}).due, std::nullopt);
  EXPECT_EQ(look(notices, {later, sooner}).due, sooner);
}

TEST(StandingNotices, leave_for_a_recommendation_only_when_told_to) {
  SpotConfig config;
  const Notice hint = notice(NoticeKind::kRebalance, kNow - 1000);
  StandingNotices ignoring{config};
  const auto ignored = look(ignoring, {hint});
  EXPECT_EQ(ignored.fresh.size(), 1u);
  EXPECT_EQ(ignored.due, std::nullopt);
  config.on_rebalance = OnRebalance::kLeave;
  StandingNotices leaving{config};
  EXPECT_EQ(look(leaving, {hint}).due, hint);
}

TEST(StandingNotices, are_history_when_their_time_is_long_past) {
  SpotConfig config;
  config.stay_drained_ms = 10 * kMinute;
  const Notice old = notice(NoticeKind::kTerminate, kNow - 10 * kMinute - 1);
  StandingNotices notices{config};
  EXPECT_EQ(look(notices, {old}).due, std::nullopt);
  StandingNotices in_time{config};
  EXPECT_TRUE(look(in_time, {old}, kNow - 1).due.has_value());
}

TEST(StandingNotices, are_withdrawn_after_three_looks_without_them) {
  StandingNotices notices{SpotConfig()};
  const Notice preempt = notice(NoticeKind::kPreempt, 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(look(notices, {}).withdrawn);
  look(notices, {preempt});
  EXPECT_FALSE(look(notices, {}).withdrawn);
  EXPECT_FALSE(look(notices, {}).withdrawn);
  EXPECT_FALSE(look(notices, {preempt}).withdrawn) << "told again: it had only been forgotten";
  EXPECT_FALSE(look(notices, {}).withdrawn);
  EXPECT_FALSE(look(notices, {}).withdrawn);
  EXPECT_TRUE(look(notices, {}).withdrawn);
}

}  // namespace
}  // namespace headroom
