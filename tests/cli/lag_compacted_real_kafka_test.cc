// Times of offsets in a log with holes: what compaction left is what there is to tell.

#include <gtest/gtest.h>

#include "kafka/topic_reader.h"
#include "lag_world.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

class LagCompactedRealKafka : public LagRealKafka {
 protected:
  static constexpr int kRecords = 1000;
  static constexpr int kKeys = 7;

  // A minute of stamps is a segment, and whatever is behind the last segment is compacted. One record a second, of few keys; the first
  // hundred have keys that do not come again.
  void SetUp() override {
    LagRealKafka::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    topic = installation + ".compacted";
    make_compacted();
    auto producer = SampleProducer::open(config, topic);
    ASSERT_TRUE(producer);
    for (int i = 0; i < kRecords; ++i) {
      const std::string key = i < 100 && i % 10 == 0 ? "once" + std::to_string(i) : std::to_string(i % kKeys);
      ASSERT_TRUE((*producer)->produce(key, "v", kStart + i * 1000, 0));
      const bool all = i % 60 != 59 || (*producer)->flush(30'000);
      ASSERT_TRUE(all);
    }
    ASSERT_TRUE((*producer)->flush(30'000));
  }

  void make_compacted() const {
    auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
    ASSERT_TRUE(client);
    char text[256];
    rd_kafka_NewTopic_t* asked = rd_kafka_NewTopic_new(topic.c_str(), 1, 1, text, sizeof text);
    for (const auto& [name, value] : {std::pair("cleanup.policy", "compact"), std::pair("segment.ms", "60000"),
                                      std::pair("min.cleanable.dirty.ratio", "0.01"), std::pair("max.compaction.lag.ms", "1000")})
      (void)rd_kafka_NewTopic_set_config(asked, name, value);
    const QueueHandle queue(rd_kafka_queue_new(client->get()));
    rd_kafka_CreateTopics(client->get(), &asked, 1, nullptr, queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 20'000));
    rd_kafka_NewTopic_destroy(asked);
    ASSERT_NE(event, nullptr);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // Offsets and stamps as they are now.
  std::map<Offset, int64_t> log() const {
    std::map<Offset, int64_t> records;
    ReadTopic what;
    what.topic = topic;
    what.with_headers = false;
    EXPECT_TRUE(read_topic(config, what, [&](const TopicRecord& record) {
      records[record.offset] = record.timestamp_ms;
      return true;
    }));
    return records;
  }

  // The broker's cleaner looks for work every 15 s.
  std::map<Offset, int64_t> wait_until_compacted() const {
    std::map<Offset, int64_t> records;
    for (const int64_t deadline = steady_ms() + 40'000; steady_ms() < deadline;) {
      records = log();
      if (records.size() < 200) return records;
    }
    ADD_FAILURE() << "not compacted: " << records.size() << " records";
    return records;
  }

  void watch_anew(int reads_per_cycle) {
    observer.reset();
    settings.reads_per_cycle = reads_per_cycle;
  }

  static void expect_right(const Json& one, const std::map<Offset, int64_t>& records) {
    const auto behind = records.lower_bound(one["committed_offset"].get<Offset>());
    EXPECT_EQ(one["end_offset"], kRecords);
    EXPECT_LE(std::abs(one["end_time_ms"].get<int64_t>() - records.rbegin()->second), one.value("end_time_error_ms", 0));
    EXPECT_LE(one.value("end_time_error_ms", 0), 1000);
    EXPECT_FALSE(one.contains("lost_records")) << "what compaction took is no loss";
    if (behind == records.begin()) {
      EXPECT_TRUE(one["consumed_time_ms"].is_null()) << "nothing is left before it";
    } else {
      ASSERT_TRUE(one["consumed_time_ms"].is_number()) << one;
      EXPECT_LE(std::abs(one["consumed_time_ms"].get<int64_t>() - std::prev(behind)->second), one.value("consumed_time_error_ms", 0))
          << one;
      EXPECT_LE(one.value("consumed_time_error_ms", 0), 1000) << one;
    }
    if (!one.contains("unread_time_ms")) return;
    ASSERT_NE(behind, records.end()) << one;
    EXPECT_LE(std::abs(one["unread_time_ms"].get<int64_t>() - behind->second), 1000) << one;
  }

  std::string topic;
};

TEST_F(LagCompactedRealKafka, times_are_those_of_the_records_that_are_left) {
  const auto records = wait_until_compacted();
  const Offset first_hole = std::next(records.begin(), 12)->first;
  for (const Offset offset : {Offset{0}, Offset{1}, Offset{5}, Offset{55}, first_hole + 1, Offset{300}, Offset{500}, Offset{777},
                              Offset{950}, Offset{kRecords - 1}, Offset{kRecords}})
    commit(group(std::to_string(offset)), topic, 0, offset);
  for (const int reads : {200, 0}) {
    SCOPED_TRACE(std::to_string(reads) + " reads a cycle");
    watch_anew(reads);
    (void)cycle(kStart + kRecords * 1000);
    for (const auto& [place, one] : cycle(kStart + kRecords * 1000)) {
      expect_right(one, records);
      EXPECT_EQ(one.contains("unread_time_ms"), reads > 0 && one["committed_offset"] != kRecords) << one;
    }
  }
}

TEST_F(LagCompactedRealKafka, what_was_known_before_compaction_stands_and_holes_are_no_lag) {
  commit(group(), topic, 0, 300);
  commit(group("fast"), topic, 0, kRecords);
  const int64_t now_ms = kStart + kRecords * 1000;
  const Json before = cycle(now_ms).at(group() + " " + topic + " 0");
  EXPECT_EQ(before["consumed_time_ms"], kStart + 299'000);
  const auto records = wait_until_compacted();
  ASSERT_FALSE(records.contains(299));
  commit(group("late"), topic, 0, 400);
  for (int i = 0; i < 3; ++i) {
    auto samples = cycle(now_ms);
    const Json& after = samples.at(group() + " " + topic + " 0");
    for (const char* name : {"consumed_time_ms", "end_time_ms", "committed_offset", "end_offset"})
      EXPECT_EQ(after[name], before[name]) << name;
    expect_right(samples.at(group("late") + " " + topic + " 0"), records);
    const Json& fast = samples.at(group("fast") + " " + topic + " 0");
    EXPECT_EQ(fast["consumed_time_ms"], fast["end_time_ms"]);
  }
  EXPECT_FALSE(book->partitions.begin()->second.times.read_only()) << "look-ups still fit";
  EXPECT_EQ(last.times.made_anew, 0u);
}

}  // namespace
}  // namespace headroom
