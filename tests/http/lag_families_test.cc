#include "http/lag_families.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "http/routes.h"

namespace headroom {
namespace {

constexpr int64_t kTick = 1'732'262'400'000;

LaneIdentity lane(Partition partition) {
  return {"test", "lag_watch", partition, 1};
}

LagPartitionGauges on_partition(int32_t partition, std::optional<int64_t> lag_records, std::optional<int64_t> lag_ms,
                                std::string_view group = "pay", std::string_view topic = "orders") {
  LagPartitionGauges out;
  out.cluster = "prod";
  out.group = group;
  out.topic = topic;
  out.partition = partition;
  out.quality = LagQuality::kExact;
  out.poll_ms = 40 + partition;
  out.committed_offset = 1000;
  out.log_start_offset = 10;
  out.end_offset = 1000 + lag_records.value_or(0);
  out.lag_records = lag_records;
  out.lag_ms = lag_ms;
  return out;
}

LagGroupGauges whole(std::string_view group, std::string_view verdict = "ok", int severity = 0) {
  LagGroupGauges out;
  out.cluster = "prod";
  out.group = group;
  out.labels = "env=production\x1fview=site_impact";
  out.verdict = verdict;
  out.severity = severity;
  out.time_ms = kTick;
  out.lag_records = 700;
  out.max_lag_ms = 1500;
  return out;
}

LagScalingGauges held(std::string_view outcome) {
  return {.outcome = outcome, .consumers = 4, .needed = 7, .max_useful = 12, .rate_of_one_milli = 300'500};
}

// A scrape at 12 s after kTick.
class LagFamiliesTest : public ::testing::Test {
 protected:
  std::string scrape() {
    Routes routes;
    routes.add_metrics(families);
    return routes.answer("/metrics").body;
  }
  static bool has(const std::string& text, const std::string& line) { return ("\n" + text).find("\n" + line + "\n") != std::string::npos; }
  // Lines that begin so.
  static int lines(const std::string& text, const std::string& begin) {
    int count = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) count += line.starts_with(begin) ? 1 : 0;
    return count;
  }

  void make(const LagSeriesLimits& limits) {
    families = std::make_shared<LagFamilies>(limits, [this] { return now_ms; });
  }

  int64_t now_ms = kTick + 12'000;
  std::shared_ptr<LagFamilies> families = std::make_shared<LagFamilies>(LagSeriesLimits{}, [this] { return now_ms; });
};

TEST_F(LagFamiliesTest, has_the_names_and_labels_of_kafka_lag_exporter) {
  families->take(lane(0), on_partition(0, 500, 1500));
  families->take(lane(0), on_partition(1, 200, 0));
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), whole("pay"));
  const std::string text = scrape();
  const std::string of_partition =
      "{cluster_name=\"prod\",group=\"pay\",topic=\"orders\",partition=\"0\",member_host=\"\",consumer_id=\"\",client_id=\"\"} ";
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_offset" + of_partition + "1000")) << text;
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_lag" + of_partition + "500"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_lag_seconds" + of_partition + "1.5"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_max_lag{cluster_name=\"prod\",group=\"pay\"} 500"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_max_lag_seconds{cluster_name=\"prod\",group=\"pay\"} 1.5"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_sum_lag{cluster_name=\"prod\",group=\"pay\"} 700"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_topic_sum_lag{cluster_name=\"prod\",group=\"pay\",topic=\"orders\"} 700"));
  EXPECT_TRUE(has(text, "kafka_partition_latest_offset{cluster_name=\"prod\",topic=\"orders\",partition=\"0\"} 1500"));
  EXPECT_TRUE(has(text, "kafka_partition_earliest_offset{cluster_name=\"prod\",topic=\"orders\",partition=\"1\"} 10"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_poll_time_ms{cluster_name=\"prod\"} 41"));
}

TEST_F(LagFamiliesTest, says_verdict_times_rates_and_labels_of_a_group) {
  families->end_tick(lane(0), kTick, 5000);
  LagGroupGauges group = whole("pay", "falling_behind", 4);
  group.catch_up_ms = 90'000;
  group.loss_ms = 3'600'500;
  group.produced_milli = 10'500;
  group.consumed_milli = 0;
  families->take(lane(0), group);
  const std::string text = scrape();
  EXPECT_TRUE(has(text, "headroom_lag_verdict{cluster=\"prod\",group=\"pay\",verdict=\"falling_behind\"} 1")) << text;
  EXPECT_TRUE(has(text, "headroom_lag_catch_up_seconds{cluster=\"prod\",group=\"pay\"} 90"));
  EXPECT_TRUE(has(text, "headroom_lag_time_to_loss_seconds{cluster=\"prod\",group=\"pay\"} 3600.5"));
  EXPECT_TRUE(has(text, "headroom_lag_produced_records_per_second{cluster=\"prod\",group=\"pay\"} 10.5"));
  EXPECT_TRUE(has(text, "headroom_lag_consumed_records_per_second{cluster=\"prod\",group=\"pay\"} 0"));
  EXPECT_TRUE(
      has(text, "headroom_lag_group_info{cluster=\"prod\",cluster_name=\"prod\",group=\"pay\",env=\"production\",view=\"site_impact\"} 1"));
  families->take(lane(0), whole("pay", "ok", 0));
  EXPECT_EQ(lines(scrape(), "headroom_lag_verdict{"), 1) << "the verdict before is gone";
}

TEST_F(LagFamiliesTest, says_of_a_group_that_is_scaled_what_it_has_and_needs_and_why_it_holds) {
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), whole("pay"));
  families->take(lane(0), whole("ship"));
  families->take(lane(0), "prod", "pay", held("no_gain"));
  const std::string text = scrape();
  EXPECT_TRUE(has(text, "headroom_lag_scaling_outcome{cluster=\"prod\",group=\"pay\",outcome=\"no_gain\"} 1")) << text;
  EXPECT_TRUE(has(text, "headroom_lag_scaling_consumers{cluster=\"prod\",group=\"pay\"} 4"));
  EXPECT_TRUE(has(text, "headroom_lag_scaling_consumers_needed{cluster=\"prod\",group=\"pay\"} 7"));
  EXPECT_TRUE(has(text, "headroom_lag_scaling_consumers_max_useful{cluster=\"prod\",group=\"pay\"} 12"));
  EXPECT_TRUE(has(text, "headroom_lag_scaling_consumer_records_per_second{cluster=\"prod\",group=\"pay\"} 300.5"));
  EXPECT_EQ(lines(text, "headroom_lag_scaling_"), 5) << "nothing of a group that is not scaled";
}

TEST_F(LagFamiliesTest, shows_the_last_outcome_alone_and_of_it_what_is_known) {
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), whole("pay"));
  families->take(lane(0), "prod", "pay", held("no_gain"));
  families->end_tick(lane(0), kTick + 5000, 5000);
  families->take(lane(0), whole("pay"));
  EXPECT_EQ(lines(scrape(), "headroom_lag_scaling_"), 5) << "no hole between a group and its scaling";
  LagScalingGauges unknown;
  unknown.outcome = "unknown_members";
  unknown.max_useful = -1;
  families->take(lane(0), "prod", "pay", unknown);
  const std::string text = scrape();
  EXPECT_TRUE(has(text, "headroom_lag_scaling_outcome{cluster=\"prod\",group=\"pay\",outcome=\"unknown_members\"} 1")) << text;
  EXPECT_EQ(lines(text, "headroom_lag_scaling_"), 1);
}

TEST_F(LagFamiliesTest, has_no_scaling_of_a_group_that_is_left_out_forgotten_or_not_known) {
  make({.groups = 1});
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), "prod", "nobody", held("steady"));
  families->take(lane(0), whole("a", "ok", 0));
  families->take(lane(0), whole("b", "stopped", 7));
  for (const char* group : {"a", "b"}) families->take(lane(0), "prod", group, held("steady"));
  EXPECT_EQ(lines(scrape(), "headroom_lag_scaling_outcome{"), 1);
  EXPECT_EQ(lines(scrape(), "headroom_lag_scaling_outcome{cluster=\"prod\",group=\"b\""), 1);
  families->forget_group(lane(0), "prod", "b");
  families->forget_group(lane(0), "prod", "a");
  EXPECT_EQ(lines(scrape(), "headroom_lag_scaling_"), 0);
  families->take(lane(0), whole("b", "stopped", 7));
  EXPECT_EQ(lines(scrape(), "headroom_lag_scaling_"), 0) << "a group that comes back is scaled when it is told so";
}

TEST_F(LagFamiliesTest, makes_every_label_one_that_prometheus_takes_and_no_two_the_same) {
  families->end_tick(lane(0), kTick, 5000);
  LagGroupGauges group = whole("pay");
  group.labels =
      "1st=a\x1f__x=b\x1f"
      "app-name=c\x1f"
      "app.name=d\x1f"
      "empty=\x1fgroup=e\x1fnothing";
  families->take(lane(0), group);
  EXPECT_TRUE(has(scrape(),
                  "headroom_lag_group_info{cluster=\"prod\",cluster_name=\"prod\",group=\"pay\",label_1st=\"a\",label___x=\"b\","
                  "app_name=\"c\",label_app_name=\"d\",label_group=\"e\"} 1"))
      << scrape();
}

TEST_F(LagFamiliesTest, leaves_out_what_is_not_known_and_never_shows_less_than_nothing) {
  LagPartitionGauges nothing = on_partition(0, {}, {});
  nothing.committed_offset = nothing.log_start_offset = nothing.end_offset = nothing.poll_ms = std::nullopt;
  families->take(lane(0), nothing);
  families->take(lane(0), on_partition(1, -1, -1));
  families->end_tick(lane(0), kTick, 5000);
  LagGroupGauges group = whole("pay", "unknown", 1);
  group.lag_records = std::nullopt;
  group.max_lag_ms = -5;
  families->take(lane(0), group);
  now_ms = kTick - 1000;  // a source whose clock is ahead
  const std::string text = scrape();
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_lag"), 0) << text;
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_offset"), 1);
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_sum_lag"), 0);
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_max_lag"), 0);
  EXPECT_EQ(lines(text, "headroom_lag_catch_up_seconds"), 0);
  EXPECT_TRUE(has(text, "headroom_lag_tick_age_seconds{lane=\"lag_watch/0\"} 0"));
  for (const char* bad : {" -", "NaN", "Inf", "nan", "inf\n"}) EXPECT_EQ(text.find(bad), std::string::npos) << bad << text;
}

TEST_F(LagFamiliesTest, shows_partitions_of_a_whole_tick_only) {
  families->take(lane(0), on_partition(0, 500, 1500));
  EXPECT_EQ(scrape(), "") << "nothing before the first tick";
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), on_partition(0, 900, 9000));
  EXPECT_NE(scrape().find("client_id=\"\"} 500"), std::string::npos);
  families->end_tick(lane(0), kTick + 5000, 5000);
  const std::string text = scrape();
  EXPECT_NE(text.find("client_id=\"\"} 900"), std::string::npos);
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_lag{"), 1);
  families->end_tick(lane(0), kTick + 10'000, 5000);
  EXPECT_EQ(lines(scrape(), "kafka_consumergroup_group_lag{"), 0) << "a partition that is told of no more";
  EXPECT_EQ(lines(scrape(), "kafka_consumergroup_group_topic_sum_lag{"), 0);
}

TEST_F(LagFamiliesTest, shows_the_partitions_with_the_most_lag_and_those_of_chosen_groups) {
  make({.partitions = 10});
  for (int32_t i = 0; i < 200; ++i) {
    const int32_t mixed = (i * 37) % 200;  // 0 to 199 in a mixed order, so that some are pruned after they were let in
    families->take(lane(mixed % 2), on_partition(mixed, mixed, mixed * 1000, mixed % 2 == 0 ? "even" : "odd"));
  }
  LagPartitionGauges chosen = on_partition(7, 0, 0, "vip");
  chosen.always = true;
  families->take(lane(0), chosen);
  families->end_tick(lane(0), kTick, 5000);
  families->end_tick(lane(1), kTick, 5000);
  const std::string text = scrape();
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_lag{"), 11) << text;
  for (int32_t i = 190; i < 200; ++i) EXPECT_NE(text.find("partition=\"" + std::to_string(i) + "\",member_host"), std::string::npos) << i;
  EXPECT_NE(text.find("group=\"vip\",topic=\"orders\",partition=\"7\","), std::string::npos);
  EXPECT_TRUE(has(text, "headroom_lag_series_left_out{of=\"partitions\"} 190"));
  EXPECT_TRUE(has(text, "kafka_consumergroup_group_topic_sum_lag{cluster_name=\"prod\",group=\"even\",topic=\"orders\"} 9900"))
      << "sums are of all, not of those shown";
}

TEST_F(LagFamiliesTest, ranks_by_seconds_and_then_by_records) {
  make({.partitions = 2});
  families->take(lane(0), on_partition(0, 1'000'000, 5'000));
  families->take(lane(0), on_partition(1, 1, 60'000));
  families->take(lane(0), on_partition(2, 7, 60'000));
  families->take(lane(0), on_partition(3, 5'000'000, {}));
  families->end_tick(lane(0), kTick, 5000);
  const std::string text = scrape();
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_lag{"), 2);
  EXPECT_NE(text.find("partition=\"1\",member_host"), std::string::npos);
  EXPECT_NE(text.find("partition=\"2\",member_host"), std::string::npos);
}

TEST_F(LagFamiliesTest, keeps_the_worst_groups_within_the_limit_and_counts_the_rest) {
  make({.groups = 2, .group_topics = 1});
  families->take(lane(0), on_partition(0, 5, 0, "a"));
  families->take(lane(0), on_partition(0, 50, 0, "b"));
  families->end_tick(lane(0), kTick, 5000);
  families->take(lane(0), whole("a", "ok", 0));
  families->take(lane(0), whole("b", "stopped", 7));
  LagGroupGauges late = whole("c", "ok", 0);
  late.max_lag_ms = 9000;
  families->take(lane(0), late);
  const std::string text = scrape();
  EXPECT_EQ(lines(text, "headroom_lag_verdict{"), 2);
  EXPECT_NE(text.find("group=\"b\",verdict=\"stopped\""), std::string::npos);
  EXPECT_NE(text.find("group=\"c\",verdict=\"ok\""), std::string::npos);
  EXPECT_TRUE(has(text, "headroom_lag_series_left_out{of=\"groups\"} 1"));
  EXPECT_TRUE(has(text, "headroom_lag_series_left_out{of=\"group_topics\"} 1"));
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_topic_sum_lag{cluster_name=\"prod\",group=\"b\""), 1);
}

TEST_F(LagFamiliesTest, drops_a_group_that_is_forgotten_or_told_of_no_more_and_a_lane_that_is_given_back) {
  for (const Partition p : {0, 1}) {
    const std::string group = p == 0 ? "pay" : "ship";
    families->take(lane(p), on_partition(0, 5, 0, group));
    families->end_tick(lane(p), kTick, 5000);
    families->take(lane(p), whole(group));
  }
  families->forget_group(lane(0), "prod", "pay");
  std::string text = scrape();
  EXPECT_EQ(text.find("group=\"pay\""), std::string::npos) << text;
  EXPECT_NE(text.find("group=\"ship\""), std::string::npos);
  families->end_tick(lane(1), kTick + 5000, 5000);
  EXPECT_EQ(lines(scrape(), "headroom_lag_verdict{"), 1) << "its group may be told of right after the tick";
  families->end_tick(lane(1), kTick + 10'000, 5000);
  EXPECT_EQ(lines(scrape(), "headroom_lag_verdict{"), 0);
  EXPECT_EQ(lines(scrape(), "headroom_lag_tick_age_seconds{"), 2);
  families->remove_lane("lag_watch/1");
  families->remove_lane("lag_watch/9");
  EXPECT_EQ(lines(scrape(), "headroom_lag_tick_age_seconds{"), 1);
}

TEST_F(LagFamiliesTest, shows_once_what_two_lanes_tell_the_later_of_them) {
  for (const Partition p : {1, 0}) {
    families->take(lane(p), on_partition(0, 100 + p, 0));
    families->end_tick(lane(p), kTick + p * 5000, 5000);
    LagGroupGauges group = whole("pay", p == 1 ? "stalled" : "ok");
    group.time_ms = kTick + p * 5000;
    families->take(lane(p), group);
  }
  const std::string text = scrape();
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_lag{"), 1);
  EXPECT_NE(text.find("client_id=\"\"} 101"), std::string::npos) << text;
  EXPECT_EQ(lines(text, "kafka_partition_latest_offset{"), 1);
  EXPECT_EQ(lines(text, "kafka_consumergroup_group_topic_sum_lag{"), 1);
  EXPECT_EQ(lines(text, "headroom_lag_verdict{"), 1);
  EXPECT_NE(text.find("verdict=\"stalled\""), std::string::npos);
}

TEST_F(LagFamiliesTest, counts_losses_from_when_a_group_was_first_seen) {
  const auto lost = [this](int64_t records) {
    families->end_tick(lane(0), kTick, 5000);
    LagGroupGauges group = whole("pay");
    group.lost_records = records;
    families->take(lane(0), group);
    return scrape();
  };
  const std::string name = "headroom_lag_lost_records_total{cluster=\"prod\",group=\"pay\"} ";
  EXPECT_TRUE(has(lost(500), name + "0")) << "what a process before counted";
  EXPECT_TRUE(has(lost(800), name + "300"));
  EXPECT_TRUE(has(lost(0), name + "300")) << "the group committed past the hole";
  EXPECT_TRUE(has(lost(40), name + "340"));
  EXPECT_NE(scrape().find("# TYPE headroom_lag_lost_records_total counter"), std::string::npos);
}

TEST_F(LagFamiliesTest, tells_the_age_of_the_last_tick_as_of_the_scrape) {
  families->end_tick(lane(3), kTick, 5000);
  EXPECT_TRUE(has(scrape(), "headroom_lag_tick_age_seconds{lane=\"lag_watch/3\"} 12"));
  EXPECT_TRUE(has(scrape(), "headroom_lag_tick_interval_seconds{lane=\"lag_watch/3\"} 5"));
  now_ms += 60'000;
  EXPECT_TRUE(has(scrape(), "headroom_lag_tick_age_seconds{lane=\"lag_watch/3\"} 72"));
}

TEST_F(LagFamiliesTest, shares_out_how_well_times_are_known) {
  for (int32_t i = 0; i < 4; ++i) {
    LagPartitionGauges p = on_partition(i, 1, 1);
    p.quality = i == 0 ? LagQuality::kInterpolated : LagQuality::kExact;
    families->take(lane(i % 2), p);
  }
  families->end_tick(lane(0), kTick, 5000);
  families->end_tick(lane(1), kTick, 5000);
  const std::string text = scrape();
  EXPECT_TRUE(has(text, "headroom_lag_quality_ratio{cluster=\"prod\",quality=\"exact\"} 0.75")) << text;
  EXPECT_TRUE(has(text, "headroom_lag_quality_ratio{cluster=\"prod\",quality=\"interpolated\"} 0.25"));
  EXPECT_TRUE(has(text, "headroom_lag_quality_ratio{cluster=\"prod\",quality=\"unknown\"} 0"));
  EXPECT_TRUE(has(text, "headroom_lag_partitions{cluster=\"prod\"} 4"));
}

TEST_F(LagFamiliesTest, pass_promtools_check_but_for_the_names_that_others_chose) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  families->take(lane(0), on_partition(0, 500, 1500));
  families->end_tick(lane(0), kTick, 5000);
  LagGroupGauges group = whole("we\"ird\\ \n group");
  group.catch_up_ms = group.loss_ms = group.produced_milli = group.consumed_milli = 1;
  families->take(lane(0), group);
  families->take(lane(0), group.cluster, group.group, held("steady"));
  const auto path = std::filesystem::temp_directory_path() / ("headroom-lag-" + std::to_string(getpid()));
  std::ofstream(path) << scrape();
  FILE* check = popen(("promtool check metrics < '" + path.string() + "' 2>&1").c_str(), "r");
  ASSERT_NE(check, nullptr);
  std::string said;
  for (int c = fgetc(check); c != EOF; c = fgetc(check)) said.push_back(static_cast<char>(c));
  pclose(check);
  std::istringstream in(said);
  for (std::string line; std::getline(in, line);) EXPECT_TRUE(line.starts_with("kafka_consumergroup_poll_time_ms ")) << line;
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace headroom
