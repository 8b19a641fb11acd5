// When incidents begin and end: thresholds, rows of ticks, missing ticks, windows, aggregations.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

TEST(LagDetectorRules, fire_at_the_first_result_above_the_threshold_and_clear_at_the_first_that_is_not) {
  Watch watch(above_100_s());
  watch.lags({99, 100});
  EXPECT_EQ(watch.states(), "");
  watch.lags({101});
  EXPECT_EQ(watch.states(), "firing");
  watch.lags({500, 101});
  EXPECT_EQ(watch.states(), "");
  watch.lags({100});
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorRules, fire_below_the_threshold_where_that_is_the_bad_side) {
  LagDetectorParams params = above_100_s();
  params.above = false;
  Watch watch(params);
  watch.lags({101, 100});
  EXPECT_EQ(watch.states(), "");
  watch.lags({99});
  EXPECT_EQ(watch.states(), "firing");
  watch.lags({40, 60});
  EXPECT_EQ(watch.states(), "");
  watch.lags({100});
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["peak"], 40.0);
  EXPECT_EQ(alerts[0]["fires"], "below");
}

TEST(LagDetectorRules, wait_until_every_result_of_the_last_for_was_above) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 20'000;
  Watch watch(params);
  watch.lags({200, 200, 200, 200});
  EXPECT_EQ(watch.states(), "") << "15 s after the first";
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing") << "20 s after the first";
}

TEST(LagDetectorRules, begin_the_row_anew_after_one_good_result) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 20'000;
  Watch watch(params);
  watch.lags({200, 200, 200, 200, 100, 200, 200, 200, 200});
  EXPECT_EQ(watch.states(), "");
  watch.lags({200});
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["duration_seconds"], 20.0);
}

TEST(LagDetectorRules, neither_fire_nor_break_the_row_at_missing_ticks) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 20'000;
  Watch watch(params);
  watch.lags({200, 200});
  for (int i = 0; i < 10; ++i) watch.missing_tick();
  EXPECT_EQ(watch.states(), "") << "a missing tick fired";
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing") << "a missing tick broke the row";
}

TEST(LagDetectorRules, do_not_clear_at_missing_ticks_and_count_the_row_that_clears_across_them) {
  LagDetectorParams params = above_100_s();
  params.clear_for_ms = 10'000;
  Watch watch(params);
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing");
  watch.lags({50});
  for (int i = 0; i < 5; ++i) watch.missing_tick();
  EXPECT_EQ(watch.states(), "");
  watch.lags({50});
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorRules, keep_incidents_and_rows_through_a_long_silence_of_the_source) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 20'000;
  Watch watch(params);
  watch.lags({200, 200, 200, 200, 200});
  EXPECT_EQ(watch.states(), "firing");
  watch.silence(20 * 24 * 3'600'000LL);
  watch.lags({200});
  EXPECT_EQ(watch.states(), "");
  watch.lags({10});
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorRules, forget_a_label_set_thirty_days_after_its_last_standing) {
  Watch watch(above_100_s());
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing");
  watch.silence(30 * 24 * 3'600'000LL);
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing");
}

TEST(LagDetectorRules, stop_sums_at_the_largest_value) {
  LagDetectorParams params = above_100_s();
  params.metric = LagMetric::kLagRecords;
  params.aggregation = LagAggregation::kSum;
  Watch watch(params);
  std::string what;
  for (int i = 0; i < 20; ++i)
    what += (i == 0 ? "" : "|") + std::string("partition records=9223372036854775807 produced=9223372036854775807");
  watch.tick(what);
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["evidence"]["lag_records"], INT64_MAX);
  EXPECT_GT(alerts[0]["evidence"]["produced_per_second"].get<double>(), 9e12);
}

TEST(LagDetectorRules, clear_at_the_clear_level_and_not_between_it_and_the_threshold) {
  LagDetectorParams params = above_100_s();
  params.clear_micro = 60'000'000;
  Watch watch(params);
  watch.lags({200, 100, 61});
  EXPECT_EQ(watch.states(), "firing");
  watch.lags({60});
  EXPECT_EQ(watch.states(), "resolved");
  watch.lags({100});
  EXPECT_EQ(watch.states(), "") << "what does not clear does not fire either";
}

TEST(LagDetectorRules, begin_the_row_that_clears_anew_after_one_result_that_does_not) {
  LagDetectorParams params = above_100_s();
  params.clear_for_ms = 10'000;
  Watch watch(params);
  watch.lags({200, 50, 50, 101, 50, 50});
  EXPECT_EQ(watch.states(), "firing");
  watch.lags({50});
  EXPECT_EQ(watch.states(), "resolved");
}

TEST(LagDetectorRules, give_both_alerts_of_an_incident_one_id_and_the_next_incident_another) {
  Watch watch(above_100_s());
  watch.lags({200, 50, 200, 50});
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 4u);
  EXPECT_EQ(alerts[0]["incident"], alerts[1]["incident"]);
  EXPECT_EQ(alerts[2]["incident"], alerts[3]["incident"]);
  EXPECT_NE(alerts[0]["incident"], alerts[2]["incident"]);
  EXPECT_EQ(alerts[0]["incident"].get<std::string>().size(), 16u);
}

TEST(LagDetectorRules, name_the_first_tick_above_in_the_id_whatever_for_is) {
  std::set<std::string> ids;
  for (const int64_t for_ms : {0, 5000, 10'000}) {
    LagDetectorParams params = above_100_s();
    params.for_ms = for_ms;
    Watch watch(params);
    watch.lags({50, 200, 200, 200});
    const auto alerts = watch.alerts();
    ASSERT_EQ(alerts.size(), 1u);
    EXPECT_EQ(alerts[0]["since"], "2026-11-22T10:15:10Z");
    ids.insert(alerts[0]["incident"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 1u);
}

TEST(LagDetectorRules, tell_peak_duration_and_rates) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 10'000;
  Watch watch(params);
  watch.lags({150, 300, 120});
  auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["value"], 120.0);
  EXPECT_EQ(alerts[0]["peak"], 300.0) << "the peak reaches back to the first tick above";
  watch.lags({900, 400});
  watch.tick("partition lag_s=3 produced=1500 consumed=2500 records=7|partition partition=1 lag_s=2 produced=500 consumed=0 records=5");
  alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["value"], 3.0);
  EXPECT_EQ(alerts[0]["peak"], 900.0);
  EXPECT_EQ(alerts[0]["duration_seconds"], 25.0);
  EXPECT_EQ(alerts[0]["reason"], "cleared");
  EXPECT_EQ(alerts[0]["evidence"]["produced_per_second"], 2.0);
  EXPECT_EQ(alerts[0]["evidence"]["consumed_per_second"], 2.5);
  EXPECT_EQ(alerts[0]["evidence"]["lag_records"], 12);
  EXPECT_EQ(alerts[0]["evidence"]["partitions"], 2);
}

TEST(LagDetectorRules, put_the_values_of_a_tick_together_as_the_aggregation_says) {
  const std::vector<std::pair<LagAggregation, double>> cases = {
      {LagAggregation::kMax, 400}, {LagAggregation::kMin, 110}, {LagAggregation::kMean, 220}, {LagAggregation::kSum, 660}};
  for (const auto& [aggregation, expected] : cases) {
    LagDetectorParams params = above_100_s();
    params.aggregation = aggregation;
    Watch watch(params);
    watch.tick(
        "partition partition=0 lag_s=150|partition partition=1 lag_s=400|partition partition=2 lag_s=110|partition partition=3 "
        "verdict=unknown");
    const auto alerts = watch.alerts();
    ASSERT_EQ(alerts.size(), 1u);
    EXPECT_EQ(alerts[0]["value"], expected);
    EXPECT_EQ(alerts[0]["evidence"]["known"], 3);
    EXPECT_EQ(alerts[0]["evidence"]["worst"]["partition"], 1) << "the worst is the largest, however they are put together";
  }
}

TEST(LagDetectorRules, keep_label_sets_apart_and_put_groups_with_the_same_labels_together) {
  LagDetectorParams params = above_100_s();
  params.by = {"env", "view", "partition"};
  Watch watch(params);
  watch.tick(
      "partition group=pay lag_s=50|partition group=ship topic=parcels lag_s=170|partition group=pay partition=1 lag_s=30|"
      "partition group=old partition=1 lag_s=300 labels=env=test\x1fview=shop|partition group=bare lag_s=200 labels=");
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0]["labels"], (nlohmann::json{{"env", "prod"}, {"view", "shop"}, {"partition", "0"}}));
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["group"], "ship");
  EXPECT_EQ(alerts[0]["evidence"]["worst"]["topic"], "parcels");
  EXPECT_EQ(alerts[1]["labels"], (nlohmann::json{{"env", "test"}, {"view", "shop"}, {"partition", "1"}}));
  EXPECT_EQ(alerts[2]["labels"], (nlohmann::json{{"env", "none"}, {"view", "none"}, {"partition", "0"}}));
}

TEST(LagDetectorRules, end_an_incident_with_the_reason_that_its_group_was_forgotten_for) {
  for (const std::string reason : {"deleted", "unseen"}) {
    Watch watch(above_100_s());
    watch.lags({200});
    EXPECT_EQ(watch.states(), "firing");
    watch.say("forgotten reason=" + reason);
    watch.tick("");
    const auto alerts = watch.alerts();
    ASSERT_EQ(alerts.size(), 1u);
    EXPECT_EQ(alerts[0]["state"], "resolved");
    EXPECT_EQ(alerts[0]["reason"], reason);
    EXPECT_TRUE(alerts[0]["value"].is_null());
    EXPECT_EQ(alerts[0]["peak"], 200.0);
    watch.tick("");
    EXPECT_EQ(watch.states(), "");
  }
}

TEST(LagDetectorRules, end_an_incident_as_gone_where_another_group_was_forgotten_or_none) {
  Watch watch(above_100_s());
  watch.lags({200});
  watch.say("forgotten group=other reason=deleted");
  watch.tick("");
  auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 2u);
  EXPECT_EQ(alerts[1]["reason"], "gone");
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing") << "and what comes back fires anew";
}

TEST(LagDetectorRules, go_on_with_the_groups_that_are_left_when_one_is_forgotten) {
  LagDetectorParams params = above_100_s();
  params.by = {"env", "view"};
  Watch watch(params);
  watch.tick("partition group=pay lag_s=300|partition group=ship lag_s=200");
  EXPECT_EQ(watch.states(), "firing");
  watch.say("forgotten reason=deleted");
  watch.tick("partition group=ship lag_s=200");
  EXPECT_EQ(watch.states(), "");
  watch.tick("");
  const auto alerts = watch.alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["reason"], "gone") << "the reason of the first was for the tick after it";
}

TEST(LagDetectorRules, do_not_let_a_row_outlive_the_partitions_that_it_came_from) {
  LagDetectorParams params = above_100_s();
  params.for_ms = 10'000;
  Watch watch(params);
  watch.lags({200, 200});
  watch.tick("");
  watch.lags({200, 200});
  EXPECT_EQ(watch.states(), "");
  watch.lags({200});
  EXPECT_EQ(watch.states(), "firing");
}

// The rules said as plainly as can be, over random lags: which ticks fire and which clear.
std::string by_definition(const LagDetectorParams& p, const std::vector<std::optional<int64_t>>& lags) {
  std::string states;
  std::vector<std::pair<int64_t, int64_t>> results;  // time and result over the window, of known ticks
  std::vector<std::pair<int64_t, int64_t>> known;
  bool open = false;
  size_t begin = 0;  // results before this belong to an incident that is over
  for (size_t i = 0; i < lags.size(); ++i) {
    const int64_t now = static_cast<int64_t>(i) * kTickMs;
    if (!lags[i]) continue;
    known.emplace_back(now, *lags[i] * 1000);
    int64_t result = *lags[i] * 1000;
    int64_t sum = 0;
    int64_t count = 0;
    for (const auto& [time, value] : known) {
      if (time <= now - p.window_ms) continue;
      sum += value, ++count;
      if (p.over == LagOver::kMax) result = std::max(result, value);
      if (p.over == LagOver::kMin) result = std::min(result, value);
    }
    if (p.over == LagOver::kMean) result = sum / count;
    results.emplace_back(now, result);
    const auto since = [&](auto good) {
      size_t first = results.size();
      while (first > begin && good(results[first - 1].second)) --first;
      return first == results.size() ? INT64_MAX : results[first].first;
    };
    if (!open) {
      const int64_t first = since([&](int64_t r) { return r * 1000 > p.threshold_micro; });
      if (first == INT64_MAX || now - first < p.for_ms) continue;
      open = true;
      begin = results.size();
      states += " firing@" + std::to_string(now);
    } else {
      const int64_t first = since([&](int64_t r) { return r * 1000 <= p.clear_micro.value_or(p.threshold_micro); });
      if (first == INT64_MAX || now - first < p.clear_for_ms) continue;
      open = false;
      begin = results.size();
      states += " resolved@" + std::to_string(now);
    }
  }
  return states;
}

TEST(LagDetectorRules, are_those_of_the_definition_over_random_lags) {
  std::mt19937_64 random(11);
  size_t fired = 0;
  for (int round = 0; round < 300; ++round) {
    LagDetectorParams params = above_100_s();
    params.over = static_cast<LagOver>(random() % 4);
    params.window_ms = 10'000 + static_cast<int64_t>(random() % 6) * 5000;
    params.for_ms = static_cast<int64_t>(random() % 5) * 5000;
    params.clear_for_ms = static_cast<int64_t>(random() % 4) * 5000;
    if (random() % 2 == 0) params.clear_micro = 80'000'000;
    Watch watch(params);
    std::vector<std::optional<int64_t>> lags;
    int64_t lag = 90;
    for (int i = 0; i < 80; ++i) {
      lag = std::max<int64_t>(0, lag + static_cast<int64_t>(random() % 61) - 30 + (lag > 140 ? -10 : 0));
      lags.push_back(random() % 7 == 0 ? std::nullopt : std::optional(lag));
      lags.back() ? watch.lags({*lags.back()}) : watch.missing_tick();
    }
    std::string states;
    for (const auto& record : watch.driver().take_sent()) {
      const auto event = nlohmann::json::parse(record.value);
      states += " " + event["data"]["state"].get<std::string>() + "@" + std::to_string(record.input_offset * kTickMs);
    }
    EXPECT_EQ(states, by_definition(params, lags)) << "round " << round;
    fired += static_cast<size_t>(std::count(states.begin(), states.end(), '@'));
  }
  EXPECT_GT(fired, 500u) << "the rounds have incidents at all";
}

}  // namespace
}  // namespace headroom::testing
