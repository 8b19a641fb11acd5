#include <gtest/gtest.h>

#include <random>

#include "lag_world.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

std::vector<int64_t> steps(int64_t first, int64_t step, int count) {
  std::vector<int64_t> stamps;
  for (int i = 0; i < count; ++i) stamps.push_back(first + i * step);
  return stamps;
}

TEST_F(LagRealKafka, tells_offsets_and_the_stamps_of_the_records_themselves) {
  const std::string topic = make_topic("t", 2);
  produce(topic, 0, steps(kStart, 1000, 10));
  commit(group(), topic, 0, 3);
  const Json one = sample(group(), topic);
  EXPECT_EQ(one["committed_offset"], 3);
  EXPECT_EQ(one["log_start_offset"], 0);
  EXPECT_EQ(one["end_offset"], 10);
  EXPECT_EQ(one["last_stable_offset"], 10);
  EXPECT_EQ(one["consumed_time_ms"], kStart + 2000);
  EXPECT_EQ(one["end_time_ms"], kStart + 9000);
  EXPECT_EQ(one["unread_time_ms"], kStart + 3000);
  EXPECT_EQ(one["quality"], "exact");
  EXPECT_EQ(one["key"], "none/none");
  EXPECT_FALSE(one.contains("lost_records"));
  EXPECT_EQ(one["retention_ms"], config.retention_ms);
  EXPECT_EQ(last.unavailable, 0u);
}

TEST_F(LagRealKafka, costs_no_look_up_and_no_read_where_nothing_has_moved) {
  const std::string topic = make_topic("t", 1);
  produce(topic, 0, steps(kStart, 1000, 10));
  commit(group(), topic, 0, 3);
  (void)cycle();
  (void)cycle();
  EXPECT_EQ(last.times.look_ups + last.times.reads, 0u);
}

TEST_F(LagRealKafka, a_reader_that_commits_without_joining_is_empty_and_has_no_member) {
  const std::string topic = make_topic("t", 1);
  produce(topic, 0, {kStart});
  commit(group(), topic, 0, 1);
  const Json one = sample(group(), topic);
  EXPECT_EQ(one["group_state"], "Empty");
  EXPECT_EQ(one["members"], 0);
  EXPECT_EQ(one["assigned"], false);
  EXPECT_EQ(one["consumed_time_ms"], one["end_time_ms"]);
}

TEST_F(LagRealKafka, a_member_that_has_committed_nothing_yet_has_samples_of_what_it_is_assigned) {
  const std::string topic = make_topic("t", 2);
  produce(topic, 1, {kStart, kStart + 500});
  const ClientHandle member = join(group(), topic);
  for (const Partition partition : {0, 1}) {
    const Json one = sample(group(), topic, partition);
    EXPECT_TRUE(one["committed_offset"].is_null());
    EXPECT_TRUE(one["consumed_time_ms"].is_null());
    EXPECT_EQ(one["members"], 1);
    EXPECT_EQ(one["assigned"], true);
    EXPECT_EQ(one["group_state"], "Stable");
    EXPECT_EQ(one["quality"], "unknown");
  }
  EXPECT_EQ(sample(group(), topic, 1)["end_time_ms"], kStart + 500);
}

TEST_F(LagRealKafka, a_topic_that_the_group_left_is_not_assigned) {
  const std::string left = make_topic("left", 1);
  const std::string topic = make_topic("t", 1);
  produce(left, 0, {kStart});
  commit(group(), left, 0, 0);
  const ClientHandle member = join(group(), topic);
  EXPECT_EQ(sample(group(), left)["assigned"], false);
  EXPECT_EQ(sample(group(), topic)["assigned"], true);
}

TEST_F(LagRealKafka, counts_what_was_deleted_before_it_was_read) {
  const std::string topic = make_topic("t", 1);
  produce(topic, 0, steps(kStart, 1000, 10));
  commit(group(), topic, 0, 3);
  delete_records(topic, 0, 6);
  const Json one = sample(group(), topic);
  EXPECT_EQ(one["committed_offset"], 3);
  EXPECT_EQ(one["log_start_offset"], 6);
  EXPECT_EQ(one["lost_records"], 3);
  EXPECT_EQ(one["unread_time_ms"], kStart + 6000);
  EXPECT_EQ(one["end_time_ms"], kStart + 9000);
}

TEST_F(LagRealKafka, markers_and_aborted_records_behind_the_last_one_are_no_lag) {
  const std::string topic = make_topic("t", 1);
  const ClientHandle writer = transactional_producer();
  write_open(writer.get(), topic, {kStart, kStart + 1000});
  ASSERT_TRUE(well(rd_kafka_commit_transaction(writer.get(), 20'000)));
  write_open(writer.get(), topic, {kStart + 60'000, kStart + 61'000});
  ASSERT_TRUE(well(rd_kafka_abort_transaction(writer.get(), 20'000)));
  commit(group(), topic, 0, 2);
  const Json one = sample(group(), topic);
  EXPECT_EQ(one["last_stable_offset"], 6) << "two records, a marker, two aborted, a marker";
  EXPECT_EQ(one["consumed_time_ms"], kStart + 1000);
  EXPECT_EQ(one["end_time_ms"], kStart + 1000);
  EXPECT_FALSE(one.contains("unread_time_ms"));
  EXPECT_EQ(one["quality"], "exact");
}

TEST_F(LagRealKafka, an_open_transaction_holds_the_end_back_and_says_for_how_long) {
  const std::string topic = make_topic("t", 1);
  settings.read_uncommitted = {"*.dirty"};
  produce(topic, 0, {kStart, kStart + 1000});
  const ClientHandle writer = transactional_producer();
  write_open(writer.get(), topic, {kStart + 5000, kStart + 6000});
  commit(group(), topic, 0, 1);
  commit(group("dirty"), topic, 0, 2);
  Json one = sample(group(), topic);
  EXPECT_EQ(one["end_offset"], 4);
  EXPECT_EQ(one["last_stable_offset"], 2);
  EXPECT_EQ(one["end_time_ms"], kStart + 1000);
  EXPECT_GE(one["open_transaction_ms"], 10'000'000 - 7000);
  const Json dirty = sample(group("dirty"), topic);
  EXPECT_NEAR(dirty["end_time_ms"].get<double>(), kStart + 6000, 1000) << "of the log's end";
  EXPECT_NEAR(dirty["unread_time_ms"].get<double>(), kStart + 5000, 1000);
  ASSERT_TRUE(well(rd_kafka_commit_transaction(writer.get(), 20'000)));
  // The marker is written behind the answer.
  const int64_t deadline = steady_ms() + 20'000;
  do one = sample(group(), topic);
  while (one["last_stable_offset"] != 5 && steady_ms() < deadline);
  EXPECT_EQ(one["end_time_ms"], kStart + 6000);
  EXPECT_FALSE(one.contains("open_transaction_ms"));
}

TEST_F(LagRealKafka, a_topic_made_anew_is_another_log) {
  const std::string topic = make_topic("t", 1);
  produce(topic, 0, steps(kStart, 1000, 10));
  commit(group(), topic, 0, 9);
  EXPECT_EQ(sample(group(), topic)["end_time_ms"], kStart + 9000);
  delete_topic(topic);
  config.partitions = 1;
  create_anew(topic);
  produce(topic, 0, steps(kStart + 600'000, 1000, 4));
  commit(group(), topic, 0, 2);
  Json one = sample(group(), topic);
  for (int i = 0; i < 10 && one.value("end_offset", 10) != 4; ++i) one = sample(group(), topic);
  EXPECT_EQ(one["end_offset"], 4);
  EXPECT_EQ(one["consumed_time_ms"], kStart + 601'000);
  EXPECT_EQ(one["end_time_ms"], kStart + 603'000);
}

TEST_F(LagRealKafka, a_deleted_topic_costs_only_itself) {
  const std::string gone = make_topic("gone", 1);
  const std::string topic = make_topic("t", 1);
  for (const auto& one : {gone, topic}) {
    produce(one, 0, {kStart, kStart + 1000});
    commit(group(), one, 0, 1);
  }
  EXPECT_EQ(cycle().size(), 2u);
  delete_topic(gone);
  for (int i = 0; i < 3; ++i) {
    const Json one = sample(group(), topic);
    EXPECT_EQ(one["consumed_time_ms"], kStart);
    EXPECT_EQ(one["end_time_ms"], kStart + 1000);
  }
}

TEST_F(LagRealKafka, watches_only_the_groups_and_topics_that_it_is_told_to) {
  const std::string topic = make_topic("t", 1);
  const std::string other = make_topic("other", 1);
  settings.ignore_groups = {"*.test"};
  settings.ignore_topics = {"*.other"};
  settings.labels = {{"*", {{"env", "production"}}}, {"*.g", {{"view", "checkout"}}}};
  for (const char* name : {"g", "h", "test"}) {
    commit(group(name), topic, 0, 0);
    commit(group(name), other, 0, 0);
  }
  const auto samples = cycle();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples.at(group("g") + " " + topic + " 0")["key"], "production/checkout");
  EXPECT_EQ(samples.at(group("h") + " " + topic + " 0")["key"], "production/none");
  EXPECT_EQ(samples.at(group("g") + " " + topic + " 0")["labels"], (Json{{"env", "production"}, {"view", "checkout"}}));
}

TEST_F(LagRealKafka, look_ups_alone_are_within_a_second_anywhere_in_the_log) {
  const std::string topic = make_topic("t", 4);
  settings.reads_per_cycle = 0;
  std::mt19937 random(3);
  std::map<std::string, int64_t> truth;
  int64_t newest = 0;
  for (const Partition partition : {0, 1, 2, 3}) {
    std::vector<int64_t> stamps;
    int64_t stamp = kStart;
    for (int i = 0; i < 20'000; ++i) stamps.push_back(stamp += static_cast<int64_t>(random() % (i % 5000 < 100 ? 100'000 : 500)));
    newest = std::max(newest, stamp);
    produce(topic, partition, stamps);
    for (int g = 0; g < 5; ++g) {
      const auto offset = static_cast<Offset>(1 + random() % 20'000);
      commit(group(std::to_string(g)), topic, partition, offset);
      truth[group(std::to_string(g)) + " " + topic + " " + std::to_string(partition)] = stamps[static_cast<size_t>(offset - 1)];
    }
  }
  for (const auto& [place, one] : cycle(newest + 5000)) {
    EXPECT_EQ(one["quality"], "interpolated");
    EXPECT_LE(one["consumed_time_error_ms"], 1000);
    EXPECT_LE(std::abs(one["consumed_time_ms"].get<int64_t>() - truth.at(place)), one["consumed_time_error_ms"].get<int64_t>()) << place;
  }
  EXPECT_GT(last.times.look_ups, 0u);
  EXPECT_EQ(last.times.reads, 0u);
  (void)cycle(newest + 5000);
  EXPECT_EQ(last.times.look_ups, 0u) << "commits inside the table cost nothing";
}

TEST_F(LagRealKafka, look_ups_alone_tell_of_a_record_produced_while_the_cycle_is_on_its_way) {
  const std::string topic = make_topic("t", 1);
  settings.reads_per_cycle = 0;
  produce(topic, 0, {kStart, kStart + 5001});
  commit(group(), topic, 0, 1);
  const auto one = cycle(kStart + 5000).at(group() + " " + topic + " 0");
  EXPECT_EQ(one["quality"], "interpolated") << one;
  ASSERT_TRUE(one["end_time_ms"].is_number()) << one;
  EXPECT_LE(std::abs(one["end_time_ms"].get<int64_t>() - kStart - 5001), 1000);
}

TEST_F(LagRealKafka, a_stamp_far_ahead_is_found_by_reading_and_marks_the_partition) {
  const std::string topic = make_topic("t", 1);
  std::vector<int64_t> stamps = steps(kStart, 1000, 100);
  stamps[40] += 3'600'000;
  produce(topic, 0, stamps);
  commit(group(), topic, 0, 71);
  settings.reads_per_cycle = 1;  // too few for two places: look-ups come first
  for (int i = 0; i < 4; ++i) (void)cycle();
  const Json one = sample(group(), topic);
  EXPECT_EQ(one["consumed_time_ms"], kStart + 70'000);
  EXPECT_EQ(one["end_time_ms"], kStart + 99'000);
  EXPECT_EQ(one["quality"], "exact");
  EXPECT_TRUE(book->partitions.begin()->second.times.read_only());
}

}  // namespace
}  // namespace headroom
