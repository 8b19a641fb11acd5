// Mute windows mark alerts and change nothing else.

#include "operators/lag_mutes.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

int64_t at(const std::string& time) {
  return *parse_rfc3339(time);
}

// Until when a window holds at a time; empty when it does not.
std::string end_at(const LagMute& mute, const std::string& time) {
  const auto span = read_mute_span(mute);
  EXPECT_TRUE(span) << span.status().to_string();
  const int64_t end = span ? span->end_around(at(time)) : 0;
  return end == 0 ? "" : format_rfc3339(end);
}

TEST(LagMutes, hold_between_two_times_the_first_within_and_the_last_not) {
  const LagMute mute{"2026-12-24T18:00:00Z", "2026-12-26T06:00:00+01:00", {}, {}};
  EXPECT_EQ(end_at(mute, "2026-12-24T17:59:59Z"), "");
  EXPECT_EQ(end_at(mute, "2026-12-24T18:00:00Z"), "2026-12-26T05:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-12-26T04:59:59Z"), "2026-12-26T05:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-12-26T05:00:00Z"), "");
}

TEST(LagMutes, hold_every_day_across_midnight_too) {
  const LagMute mute{"22:30", "02:00", {}, {}};
  EXPECT_EQ(end_at(mute, "2026-11-22T22:29:59Z"), "");
  EXPECT_EQ(end_at(mute, "2026-11-22T22:30:00Z"), "2026-11-23T02:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-11-23T01:59:59Z"), "2026-11-23T02:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-11-23T02:00:00Z"), "");
  EXPECT_EQ(end_at({"02:00", "03:00", {}, {}}, "2026-11-22T02:30:00Z"), "2026-11-22T03:00:00Z");
  EXPECT_EQ(end_at({"00:00", "00:00", {}, {}}, "2026-11-22T12:00:00Z"), "2026-11-23T00:00:00Z");
}

TEST(LagMutes, hold_on_the_days_on_which_they_begin) {
  const LagMute mute{"22:30", "02:00", {"sun"}, {}};  // 2026-11-22 is a Sunday
  EXPECT_EQ(end_at(mute, "2026-11-22T23:00:00Z"), "2026-11-23T02:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-11-23T01:00:00Z"), "2026-11-23T02:00:00Z");
  EXPECT_EQ(end_at(mute, "2026-11-22T01:00:00Z"), "");
  EXPECT_EQ(end_at(mute, "2026-11-23T23:00:00Z"), "");
}

TEST(LagMutes, say_what_is_wrong_with_their_times) {
  const auto fault = [](const LagMute& mute) {
    const auto span = read_mute_span(mute);
    return span ? std::string("it reads") : span.status().message();
  };
  EXPECT_NE(fault({"22:30", "2026-12-24T18:00:00Z", {}, {}}).find("must both be"), std::string::npos);
  EXPECT_NE(fault({"24:00", "02:00", {}, {}}).find("must both be"), std::string::npos);
  EXPECT_NE(fault({"22:60", "02:00", {}, {}}).find("must both be"), std::string::npos);
  EXPECT_NE(fault({"", "", {}, {}}).find("must both be"), std::string::npos);
  EXPECT_EQ(fault({"2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z", {}, {}}), "until must come after from");
  EXPECT_EQ(fault({"2026-12-24T18:00:00Z", "2026-12-25T18:00:00Z", {"mon"}, {}}), "days go with times of the day only");
  EXPECT_EQ(fault({"22:30", "02:00", {"monday"}, {}}), "days are mon, tue, wed, thu, fri, sat and sun");
}

TEST(LagMutes, keep_incidents_and_mark_their_alerts) {
  LagDetectorParams params = above_100_s();
  params.mutes = {{"2026-11-22T10:15:00Z", "2026-11-22T10:15:15Z", {}, {}}};
  Watch watch(params);
  watch.lags({200, 200, 200, 50});
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 2u);
  EXPECT_EQ(alerts[0]["muted"], true);
  EXPECT_EQ(alerts[0]["muted_until"], "2026-11-22T10:15:15Z");
  EXPECT_EQ(alerts[1]["muted"], false) << "it is resolved after the window";
  EXPECT_EQ(alerts[0]["incident"], alerts[1]["incident"]);
}

TEST(LagMutes, are_for_the_label_sets_that_fit_and_last_until_the_latest_of_them_ends) {
  LagDetectorParams params = above_100_s();
  params.by = {"env", "group"};
  params.mutes = {{"10:00", "11:00", {}, {{"env", {"prod"}}, {"group", {"pay", "ship*"}}}},
                  {"10:00", "12:00", {}, {{"group", {"shipping"}}}},
                  {"09:00", "10:15", {}, {}}};
  Watch watch(params);
  watch.tick("partition group=pay lag_s=200|partition group=shipping lag_s=200|partition group=other lag_s=200");
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0]["muted_until"], "2026-11-22T11:00:00Z");
  EXPECT_EQ(alerts[1]["muted_until"], "2026-11-22T12:00:00Z");
  EXPECT_EQ(alerts[2]["muted"], false);
}

}  // namespace
}  // namespace headroom::testing
