// What an alert says of the consumers' CPU, and its words.

#include <gtest/gtest.h>

#include "operators/alert_template.h"
#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

nlohmann::json fired(Watch& watch, const std::string& partition = "partition lag_s=500") {
  watch.tick(partition);
  const auto alerts = watch.alerts();
  EXPECT_EQ(alerts.size(), 1u);
  return alerts.empty() ? nlohmann::json() : alerts[0];
}

std::string cause_after(const std::string& context) {
  Watch watch(above_100_s());
  watch.say("context target=a/b/c/d host=h " + context);
  return fired(watch)["attribution"]["cause"];
}

TEST(LagAttribution, says_no_context_without_one) {
  Watch watch(above_100_s());
  const auto alert = fired(watch);
  EXPECT_EQ(alert["attribution"], (nlohmann::json{{"cause", "no_context"}}));
  EXPECT_NE(alert["message"].get<std::string>().find("no context"), std::string::npos);
}

TEST(LagAttribution, tells_consumers_without_cpu_from_those_on_a_hot_host_and_from_neither) {
  EXPECT_EQ(cause_after("lying_milli=-1"), "out_of_cpu");
  EXPECT_EQ(cause_after("lying_milli=0"), "none_seen");
  EXPECT_EQ(cause_after("used_percent=91"), "out_of_cpu");
  EXPECT_EQ(cause_after("used_percent=90"), "none_seen");
  EXPECT_EQ(cause_after("host_percent=91"), "hot_host");
  EXPECT_EQ(cause_after("host_percent=90"), "none_seen");
  EXPECT_EQ(cause_after("lying_milli=-300 host_percent=99"), "out_of_cpu");
  EXPECT_EQ(cause_after("lying_milli=300 used_percent=40 host_percent=99"), "hot_host");
}

TEST(LagAttribution, forgets_a_context_after_a_quarter_of_an_hour) {
  Watch watch(above_100_s());
  watch.say("context target=a/b/c/d lying_milli=-1");
  watch.silence(15 * 60'000 - kTickMs);
  EXPECT_EQ(fired(watch)["attribution"]["cause"], "out_of_cpu");
  watch.lags({1});
  EXPECT_EQ(watch.states(), "resolved");
  EXPECT_EQ(fired(watch)["attribution"]["cause"], "no_context");
}

TEST(LagAttribution, goes_by_the_last_context_of_the_worst_partitions_group) {
  LagDetectorParams params = above_100_s();
  params.by = {"env"};
  Watch watch(params);
  watch.say("context group=ship target=a/b/c/d lying_milli=-1");
  watch.say("context group=pay target=a/b/c/e lying_milli=-1");
  watch.say("context group=pay target=a/b/c/e lying_milli=500 used_percent=20");
  auto alert = fired(watch, "partition group=ship lag_s=200|partition group=pay lag_s=300");
  EXPECT_EQ(alert["attribution"]["cause"], "none_seen");
  EXPECT_EQ(alert["attribution"]["target"], "a/b/c/e");
  EXPECT_EQ(alert["attribution"]["lying_factor_cores"], 0.5);
  watch.tick("partition group=ship lag_s=2");
  EXPECT_EQ(watch.states(), "resolved");
  alert = fired(watch, "partition group=ship lag_s=300|partition group=pay lag_s=200");
  EXPECT_EQ(alert["attribution"]["cause"], "out_of_cpu");
}

TEST(LagAttribution, takes_no_context_older_than_the_one_it_has) {
  Watch watch(above_100_s());
  watch.silence(60'000);
  watch.say("context target=a/b/c/d lying_milli=-1");
  watch.silence(-30'000);
  watch.say("context target=a/b/c/d lying_milli=500");
  watch.silence(30'000);
  EXPECT_EQ(fired(watch)["attribution"]["cause"], "out_of_cpu");
}

TEST(LagAttribution, survives_a_crash) {
  Watch watch(above_100_s());
  watch.say("context target=a/b/c/d host=h lying_milli=-250 used_percent=112 host_percent=97");
  watch.driver().crash_and_restore();
  const auto alert = fired(watch);
  EXPECT_EQ(alert["attribution"]["host_cpu_ratio"], 0.97);
  EXPECT_EQ(alert["attribution"]["observed"], "2026-11-22T10:15:00Z");
  EXPECT_NE(alert["message"].get<std::string>().find(
                "the consumers (a/b/c/d) are out of CPU: they use 112 % of what they reserve, lying factor -0.25 cores"),
            std::string::npos)
      << alert["message"];
}

TEST(LagAttribution, says_what_fired_and_what_passed_in_words) {
  LagDetectorParams params = above_100_s();
  params.name = "lag_seconds_high";
  Watch watch(params);
  watch.say("context target=a/b/c/d host=h host_percent=97");
  auto alert = fired(watch, "partition lag_s=1234 produced=120500 consumed=80000 verdict=falling_behind");
  EXPECT_EQ(alert["title"], "lag_seconds_high: env=prod, view=shop, cluster=east, group=pay");
  EXPECT_EQ(
      alert["message"],
      "lag_seconds is 20m34s, above 1m40s since 2026-11-22T10:15:05Z; worst: orders/0 of pay (falling_behind); produced 120.5/s, consumed "
      "80/s; the consumers (a/b/c/d) are on a hot host: h uses 97 % of its CPU");
  watch.lags({1});
  EXPECT_EQ(watch.alerts().at(0)["message"], "lag_seconds was above 1m40s for 5s, 20m34s at worst; it has passed");
}

TEST(LagAttribution, fills_the_templates_that_are_given) {
  LagDetectorParams params = above_100_s();
  params.title = "{view}: {detector} {{{severity}}";
  params.text = "{value} {threshold} {side} {peak} {since} {for} {duration} {state} {metric} {cluster} {topic} {partition} {verdict} {lag}";
  params.resolved_text = "{reason} after {duration}";
  Watch watch(params);
  auto alert = fired(watch);
  EXPECT_EQ(alert["title"], "shop: lag {warning}");
  EXPECT_EQ(alert["message"], "8m20s 1m40s above 8m20s 2026-11-22T10:15:05Z 0s 0s firing lag_seconds east orders 0 ok 8m20s");
  watch.say("forgotten reason=deleted");
  watch.tick("");
  EXPECT_EQ(watch.alerts().at(0)["message"], "the group was deleted after 5s");
}

TEST(AlertTemplate, names_what_it_does_not_know) {
  EXPECT_EQ(unknown_placeholder("{team} of {view}", {"view"}), "{team}");
  EXPECT_EQ(unknown_placeholder("{value} of {view}, {{team}", {"view"}), "");
  EXPECT_EQ(unknown_placeholder("{value} of {view", {"view"}), "{");
}

TEST(AlertTemplate, cuts_long_texts_at_the_end_of_a_character) {
  AlertEvent alert;
  alert.labels = {{"view", std::string(4095, 'x') + "\xc3\xa9"}};
  EXPECT_EQ(fill_template("{view}", alert), std::string(4095, 'x'));
  alert.labels = {{"view", std::string(4094, 'x') + "\xc3\xa9"}};
  EXPECT_EQ(fill_template("{view}", alert).size(), 4096u);
}

TEST(AlertTemplate, writes_values_as_people_read_them) {
  EXPECT_EQ(alert_value_text(AlertUnit::kSeconds, 1'500'000), "1s500ms");
  EXPECT_EQ(alert_value_text(AlertUnit::kSeconds, 3'661'400'000), "1h1m1s");
  EXPECT_EQ(alert_value_text(AlertUnit::kSeconds, std::nullopt), "never");
  EXPECT_EQ(alert_value_text(AlertUnit::kRecords, 1'500'000'000), "1500 records");
  EXPECT_EQ(alert_value_text(AlertUnit::kRecords, 1'000'000), "1 record");
  EXPECT_EQ(alert_value_text(AlertUnit::kRecords, 2'500'000), "2.5 records");
  EXPECT_EQ(alert_value_text(AlertUnit::kVerdict, 1'000'000), "yes");
}

}  // namespace
}  // namespace headroom::testing
