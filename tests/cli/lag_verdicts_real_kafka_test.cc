// What lag_watch says of what a source sees of a real broker: each fault found in time, and no alert that nobody would want.

#include <gtest/gtest.h>

#include "lag_watched_course.h"

namespace headroom {
namespace {

using Words = std::vector<std::string>;

class LagVerdictsRealKafka : public LagWatchedCourse {};

TEST_F(LagVerdictsRealKafka, a_group_at_its_work_is_ok_and_alerts_nobody) {
  const std::string topic = add_topic("t", 3);
  add_member(topic);
  pass(15 * kMinute);
  for (const LagStream& stream : streams) EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ(alerts, Words{});
  EXPECT_EQ(last_commit, RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_F(LagVerdictsRealKafka, members_that_commit_nothing_while_data_waits_are_stalled_until_they_do) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  pass(2 * kMinute);
  const int64_t fault_ms = now_ms;
  stream.commits = false;
  pass(3 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stalled"}));
  EXPECT_LE(found_after(fault_ms, stream), kSoon);
  EXPECT_EQ(alerts, Words{"stalled firing"});
  stream.commits = true;
  pass(3 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stalled", "ok"}));
  EXPECT_EQ(alerts, (Words{"stalled firing", "stalled resolved"}));
}

TEST_F(LagVerdictsRealKafka, a_group_whose_members_are_gone_is_stopped) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  pass(2 * kMinute);
  const int64_t fault_ms = now_ms;
  close_readers();
  pass(3 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stopped"}));
  EXPECT_LE(found_after(fault_ms, stream), kSoon);
  EXPECT_EQ(alerts, Words{"stopped firing"});
}

TEST_F(LagVerdictsRealKafka, a_group_that_is_too_slow_falls_behind_and_one_that_is_fast_enough_again_catches_up) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  pass(2 * kMinute);
  const int64_t fault_ms = now_ms;
  stream.read = 30;
  pass(17 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "falling_behind"}));
  EXPECT_LE(found_after(fault_ms, stream), 60'000 + kSoon) << "a trend needs its window";
  EXPECT_EQ(alerts, Words{"falling_behind firing"});
  stream.read = 200;
  pass(4 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "falling_behind", "catching_up", "ok"}));
  EXPECT_EQ(alerts, (Words{"falling_behind firing", "falling_behind resolved"}));
}

TEST_F(LagVerdictsRealKafka, records_deleted_before_they_were_read_are_a_loss_at_once) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  stream.read = 40;
  pass(2 * kMinute);
  ASSERT_LT(stream.position + 100, stream.end);
  const int64_t fault_ms = now_ms;
  stream.commits = false;
  delete_records(topic, 0, stream.position + 100);
  pass(kMinute / 2);
  EXPECT_EQ(said(stream).back(), "losing_data");
  EXPECT_LE(found_after(fault_ms, stream), kSoon);
  EXPECT_EQ(alerts, Words{"losing_data firing"});
  stream.commits = true;  // auto.offset.reset=latest
  stream.position = stream.end;
  stream.read = LagStream::kAll;
  pass(3 * kMinute);
  EXPECT_EQ(said(stream).back(), "ok");
  EXPECT_EQ(alerts, (Words{"losing_data firing", "losing_data resolved"}));
}

TEST_F(LagVerdictsRealKafka, a_group_set_back_is_rewound_until_it_has_passed_where_it_was) {
  const std::string topic = add_topic("t");
  add_committer();
  LagStream& stream = streams[0];
  pass(3 * kMinute);
  const int64_t fault_ms = now_ms;
  const Offset before = stream.position;
  stream.position = 300;
  stream.read = 100;
  pass_cycle();
  EXPECT_EQ(said(stream), (Words{"ok", "rewound"}));
  EXPECT_LE(found_after(fault_ms, stream), kCycleMs);
  while (stream.position + stream.read < before) pass_cycle();
  EXPECT_EQ(said(stream), (Words{"ok", "rewound"}));
  pass(4 * kMinute);
  EXPECT_EQ(said(stream).back(), "ok");
  EXPECT_EQ(alerts, Words{}) << "somebody did that on purpose";
}

TEST_F(LagVerdictsRealKafka, a_partition_that_its_group_does_not_read_any_more_is_abandoned) {
  const std::string left = add_topic("left");
  const std::string topic = add_topic("t");
  add_committer();
  pass(kMinute);
  streams[0].made = 0;
  pass_cycle();  // what is left is read
  const int64_t fault_ms = now_ms;
  pass_cycle();
  streams[0].commits = false;
  close_readers();
  add_member(topic);
  pass(16 * kMinute);
  EXPECT_EQ(said(left), (Words{"ok", "abandoned"}));
  EXPECT_LE(found_after(fault_ms, streams[0]), 10 * kMinute + kSoon);
  EXPECT_EQ(said(topic), Words{"ok"});
  EXPECT_EQ(alerts, Words{"abandoned firing"});
}

TEST_F(LagVerdictsRealKafka, a_consumer_dead_for_half_an_hour_is_also_late_by_the_clock) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  stream.made = 5;
  pass(kMinute);
  close_readers();
  pass(33 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stopped"}));
  EXPECT_EQ(alerts, (Words{"stopped firing", "lag_seconds_high firing"}));
}

TEST_F(LagVerdictsRealKafka, markers_and_aborted_records_at_the_end_of_a_log_are_ok) {
  const std::string topic = add_topic("t");
  LagStream& stream = streams[0];
  stream.made = 0;
  add_committer();
  const ClientHandle writer = transactional_producer();
  for (int i = 0; i < 12; ++i) {
    write_open(writer.get(), topic, {now_ms + 1000, now_ms + 2000});
    ASSERT_TRUE(well(rd_kafka_commit_transaction(writer.get(), 20'000)));
    stream.end += 3;
    stream.read = stream.end - stream.position - 1;  // commits behind the last record, before its marker
    pass_cycle();
  }
  write_open(writer.get(), topic, {now_ms + 3000, now_ms + 4000});
  ASSERT_TRUE(well(rd_kafka_abort_transaction(writer.get(), 20'000)));
  stream.read = 0;
  pass(5 * kMinute);
  EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ((lag_records[{topic, 0}]), 0);
  EXPECT_EQ(alerts, Words{});
}

TEST_F(LagVerdictsRealKafka, an_open_transaction_alerts_for_itself_and_blames_no_group) {
  const std::string topic = add_topic("t");
  add_member(topic);
  LagStream& stream = streams[0];
  pass(kMinute);
  stream.made = 0;
  pass(2 * kCycleMs);
  const ClientHandle writer = transactional_producer();
  write_open(writer.get(), topic, {now_ms, now_ms + 1000});
  pass(16 * kMinute);
  EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ(alerts, Words{"open_transaction firing"});
  ASSERT_TRUE(well(rd_kafka_commit_transaction(writer.get(), 20'000)));
  // The marker is written behind the answer.
  const int64_t deadline = steady_ms() + 20'000;
  do pass_cycle();
  while (alerts.size() < 2 && steady_ms() < deadline);
  EXPECT_EQ(alerts, (Words{"open_transaction firing", "open_transaction resolved"}));
}

TEST_F(LagVerdictsRealKafka, a_reader_that_commits_without_joining_is_ok_while_it_commits) {
  const std::string topic = add_topic("t");
  add_committer();
  LagStream& stream = streams[0];
  pass(5 * kMinute);
  EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ(alerts, Words{});
  const int64_t fault_ms = now_ms;
  readers.clear();
  pass(2 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stopped"}));
  EXPECT_LE(found_after(fault_ms, stream), kSoon);
}

TEST_F(LagVerdictsRealKafka, a_source_that_starts_cold_takes_a_backlog_for_what_it_is) {
  const std::string topic = add_topic("t", 2);
  for (LagStream& stream : streams)
    for (int i = 0; i < 3000; ++i) write(stream, now_ms + i * 100);
  now_ms += 300'000;
  add_member(topic);
  streams[0].read = 150;       // works its backlog off
  streams[1].commits = false;  // has not committed yet
  pass(10 * kMinute);
  EXPECT_EQ(said(streams[0]), (Words{"ok", "catching_up", "ok"}));
  EXPECT_EQ(said(streams[1]), Words{"unknown"});
  EXPECT_EQ(alerts, Words{});
}

TEST_F(LagVerdictsRealKafka, a_rebalance_is_no_fault) {
  const std::string topic = add_topic("t", 4);
  add_member(topic);
  pass(3 * kMinute);
  const auto pass_with_clock = [&](const std::function<bool()>& done) {
    // The clock runs no faster than ten times ours, for a rebalance takes as long as it does.
    for (int i = 0; i < 60 && !done(); ++i) {
      for (const Reader& reader : readers) const MessageHandle served(rd_kafka_consumer_poll(reader.client.get(), 250));
      pass_cycle();
    }
    EXPECT_TRUE(done());
  };
  const auto share_of = [](const Reader& reader) {
    rd_kafka_topic_partition_list_t* raw = nullptr;
    rd_kafka_assignment(reader.client.get(), &raw);
    return PartitionList(raw)->cnt;
  };
  readers.push_back({subscribe(reading, topic), true});
  pass_with_clock([&] { return share_of(readers[0]) == 2 && share_of(readers[1]) == 2; });
  pass(2 * kMinute);
  rd_kafka_consumer_close(readers[1].client.get());
  readers.pop_back();
  pass_with_clock([&] { return share_of(readers[0]) == 4; });
  pass(3 * kMinute);
  for (const LagStream& stream : streams) EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ(alerts, Words{});
}

TEST_F(LagVerdictsRealKafka, a_deleted_topic_alerts_nobody) {
  const std::string gone = add_topic("gone");
  const std::string topic = add_topic("t");
  add_committer();
  pass(2 * kMinute);
  producers.clear();
  delete_topic(gone);
  streams.erase(streams.begin());
  pass(10 * kMinute);
  EXPECT_EQ(said(topic), Words{"ok"});
  EXPECT_EQ(said(gone), (Words{"ok", "unknown"}));
  EXPECT_EQ(alerts, Words{});
}

TEST_F(LagVerdictsRealKafka, a_topic_made_anew_is_neither_rewound_nor_a_loss) {
  const std::string topic = add_topic("t", 2);
  add_committer();
  pass(2 * kMinute);
  producers.clear();
  delete_topic(topic);
  config.partitions = 1;
  create_anew(topic);
  streams = {{topic, 0}};
  pass(5 * kMinute);
  EXPECT_EQ(said(topic).front(), "ok");
  EXPECT_EQ(said(topic).back(), "ok");
  for (const std::string& verdict : said(topic)) EXPECT_TRUE(verdict == "ok" || verdict == "unknown") << verdict;
  EXPECT_EQ(said(topic, 1), (Words{"ok", "unknown"}));
  EXPECT_EQ(alerts, Words{});
}

}  // namespace
}  // namespace headroom
