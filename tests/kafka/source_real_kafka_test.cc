#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "base/hash.h"
#include "kafka/source.h"
#include "kit/kafka_cluster.h"
#include "worker_ports.h"

namespace headroom {
namespace {

class SourceRealKafka : public kit::RealKafkaTest {
 protected:
  KafkaWorkerOptions options(const std::string& slot, const std::string& topic) const {
    return worker_options(config, installation, slot, topic);
  }
};

TEST_F(SourceRealKafka, gives_every_record_once_and_in_order) {
  const std::string topic = make_topic("in", 3);
  for (int p = 0; p < 3; ++p) fill(config, topic, p, 0, 20'000);
  Member member(options("a", topic));
  ASSERT_TRUE(member.source->subscribe(member));
  std::map<Partition, Offset> next;
  uint64_t records = 0;
  ASSERT_TRUE(member.poll_until([&] { return records == 60'000; },
                                [&](const Batch& batch) {
                                  for (const Record& record : batch.records) {
                                    ASSERT_EQ(record.offset, next[batch.partition]++);
                                    ASSERT_EQ(record.value, std::to_string(record.offset));
                                    ASSERT_EQ(record.key, "k");
                                    ASSERT_EQ(record.timestamp_ms, 1'700'000'000'000 + record.offset);
                                  }
                                  records += batch.records.size();
                                  EXPECT_EQ(batch.position, next[batch.partition]);
                                }));
  EXPECT_EQ(member.source->partition_count(), 3);
  EXPECT_EQ(member.source->log_end(0), 20'000);
}

// Left alone, the library looks at a queue that was full once a second, and this one is full some 30 times.
TEST_F(SourceRealKafka, goes_on_fetching_when_a_full_queue_empties) {
  const std::string topic = make_topic("in", 1);
  KafkaConfig uncompressed = config;
  uncompressed.producer_properties["compression.codec"] = "none";
  auto producer = SampleProducer::open(uncompressed, topic);
  ASSERT_TRUE(producer);
  const std::string value(8192, 'x');
  for (int i = 0; i < 8192; ++i) ASSERT_TRUE((*producer)->produce({}, value, 1'700'000'000'000, 0));
  ASSERT_TRUE((*producer)->flush(30'000));

  auto narrow = options("a", topic);
  narrow.kafka.fetch_queue_bytes = 1 << 20;
  Member member(narrow);
  ASSERT_TRUE(member.source->subscribe(member));
  uint64_t records = 0;
  uint64_t largest = 0;
  uint64_t work = 0;  // slower than the broker, or the queue never fills
  ASSERT_TRUE(member.poll_until([&] { return records == 8192; },
                                [&](const Batch& batch) {
                                  for (const Record& record : batch.records)
                                    for (int i = 0; i < 100; ++i) work = hash_bytes(record.value, work);
                                  records += batch.records.size();
                                  largest = std::max<uint64_t>(largest, batch.records.size());
                                },
                                15'000));
  EXPECT_NE(work, 0u);
  EXPECT_LE(largest, 128u) << "a batch is bounded in bytes too";
}

// 2.0.2 is known to skip and repeat when what is read changes under a batch; see the class's comment.
TEST_F(SourceRealKafka, reads_exactly_from_the_offsets_given_however_often_the_assignment_changes) {
  constexpr int kPartitions = 4;
  constexpr int kRecords = 30'000;
  const std::string topic = make_topic("in", kPartitions);
  for (int p = 0; p < kPartitions; ++p) fill(config, topic, p, 0, kRecords);
  Member member(options("a", topic));
  ASSERT_TRUE(member.source->subscribe(member));
  ASSERT_TRUE(member.poll_until([&] { return member.owned.size() == kPartitions; }));
  std::mt19937 random(7);
  uint64_t read = 0;
  for (int round = 0; round < 150; ++round) {
    std::vector<PartitionOffset> places;
    std::map<Partition, Offset> next;
    for (int p = 0; p < kPartitions; ++p) {
      if (random() % 3 == 0) continue;
      places.push_back({p, static_cast<Offset>(random() % kRecords)});
      next[p] = places.back().offset;
    }
    ASSERT_TRUE(member.source->assign(places));
    for (const auto& [partition, offset] : next) EXPECT_EQ(member.source->position(partition), std::nullopt);
    std::set<Partition> heard;
    const int64_t deadline = steady_ms() + 20'000;
    for (size_t polls = random() % 6; heard.size() < next.size() || polls > 0; polls -= polls > 0) {
      ASSERT_LT(steady_ms(), deadline) << "round " << round << " heard of " << heard.size() << " of " << next.size();
      const auto batches = member.source->poll(20, 1 + random() % 5000);
      ASSERT_TRUE(batches) << batches.status().to_string();
      for (const Batch& batch : *batches) {
        ASSERT_TRUE(next.contains(batch.partition));
        for (const Record& record : batch.records) ASSERT_EQ(record.offset, next[batch.partition]++);
        heard.insert(batch.partition);
        read += batch.records.size();
      }
    }
  }
  EXPECT_GT(read, 100'000u);
  EXPECT_EQ(member.assignments, 1);
}

TEST_F(SourceRealKafka, keeps_partitions_that_it_does_not_read) {
  const std::string topic = make_topic("in", 2);
  fill(config, topic, 0, 0, 10);
  fill(config, topic, 1, 0, 10);
  Member member(options("a", topic));
  ASSERT_TRUE(member.source->subscribe(member));
  ASSERT_TRUE(member.poll_until([&] { return member.owned.size() == 2; }));
  ASSERT_TRUE(member.source->assign({}));
  const int64_t until = steady_ms() + 1500;
  ASSERT_TRUE(member.poll_until([&] { return steady_ms() > until; }, [](const Batch&) { FAIL() << "nothing was to be read"; }));
  const PartitionOffset one{1, 4};
  ASSERT_TRUE(member.source->assign(std::span(&one, 1)));
  std::vector<Offset> offsets;
  ASSERT_TRUE(member.poll_until([&] { return offsets.size() == 6; },
                                [&](const Batch& batch) {
                                  EXPECT_EQ(batch.partition, 1);
                                  for (const Record& record : batch.records) offsets.push_back(record.offset);
                                }));
  EXPECT_EQ(offsets.front(), 4);
  EXPECT_EQ(member.revocations, 0);
  EXPECT_FALSE(member.source->assignment_lost());
}

TEST_F(SourceRealKafka, says_not_found_when_the_log_does_not_hold_the_offset) {
  const std::string topic = make_topic("in", 1);
  fill(config, topic, 0, 0, 10);
  Member member(options("a", topic));
  member.start = [](Partition) { return Offset{5000}; };
  ASSERT_TRUE(member.source->subscribe(member));
  Status last;
  const int64_t deadline = steady_ms() + 20'000;
  while (last && steady_ms() < deadline) last = member.source->poll(20, 100).status();
  EXPECT_EQ(last.code(), Code::kNotFound) << last.to_string();
  EXPECT_NE(last.message().find("/0 does not hold offset 5000"), std::string::npos) << last.message();
  const PartitionOffset again{0, 8};
  ASSERT_TRUE(member.source->assign(std::span(&again, 1)));
  size_t records = 0;
  EXPECT_TRUE(member.poll_until([&] { return records == 2; }, [&](const Batch& batch) { records += batch.records.size(); }));
}

TEST_F(SourceRealKafka, tells_the_timestamp_of_a_record_and_the_offset_of_a_time) {
  const std::string topic = make_topic("in", 1);
  fill(config, topic, 0, 0, 100);
  Member member(options("a", topic));
  const auto at = member.source->timestamp_at(0, 42, 10'000);
  ASSERT_TRUE(at) << at.status().to_string();
  EXPECT_EQ(*at, 1'700'000'000'042);
  const auto past = member.source->timestamp_at(0, 100, 10'000);
  ASSERT_TRUE(past) << past.status().to_string();
  EXPECT_EQ(*past, std::nullopt);
  const auto far_past = member.source->timestamp_at(0, 5000, 10'000);
  ASSERT_TRUE(far_past) << far_past.status().to_string();
  EXPECT_EQ(*far_past, std::nullopt);
  const auto again = member.source->timestamp_at(0, 7, 10'000);
  ASSERT_TRUE(again) << again.status().to_string();
  EXPECT_EQ(*again, 1'700'000'000'007);
  const auto of_time = member.source->offset_at_time(0, 1'700'000'000'050, 10'000);
  ASSERT_TRUE(of_time) << of_time.status().to_string();
  EXPECT_EQ(*of_time, 50);
  const auto of_future = member.source->offset_at_time(0, 1'800'000'000'000, 10'000);
  ASSERT_TRUE(of_future) << of_future.status().to_string();
  EXPECT_EQ(*of_future, 100);
}

TEST_F(SourceRealKafka, hands_over_within_the_session_timeout_when_it_leaves) {
  const std::string topic = make_topic("in", 2);
  Member first(options("a", topic));
  Member second(options("b", topic));
  ASSERT_TRUE(first.source->subscribe(first));
  ASSERT_TRUE(first.poll_until([&] { return first.owned.size() == 2; }));
  ASSERT_TRUE(second.source->subscribe(second));
  const auto both = [&] {
    (void)second.source->poll(5, 10);
    return first.owned.size() == 1 && second.owned.size() == 1;
  };
  ASSERT_TRUE(first.poll_until(both));
  EXPECT_TRUE(*second.source->group_lists_slot("a", 5000));
  bool committed_inside = false;
  first.when_revoked = [&](bool lost) { committed_inside = !lost && !first.source->assignment_lost(); };
  std::atomic<bool> stop = false;
  const int64_t began = steady_ms();
  std::thread leaving([&] {
    first.source->leave(20'000);
    stop = true;
  });
  EXPECT_TRUE(second.poll_until([&] { return second.owned.size() == 2 && stop; }));
  leaving.join();
  const int64_t took = steady_ms() - began;
  RecordProperty("handover_ms", std::to_string(took));
  EXPECT_LT(took, 4000) << "a member that only closes stays in the group for its session timeout of 6 s";
  EXPECT_TRUE(committed_inside);
  EXPECT_EQ(first.revocations, 2);
  EXPECT_FALSE(*second.source->group_lists_slot("a", 5000));
}

TEST_F(SourceRealKafka, gets_its_partitions_back_at_once_after_a_restart_in_the_same_slot) {
  const std::string topic = make_topic("in", 2);
  auto first = std::make_unique<Member>(options("a", topic));
  ASSERT_TRUE(first->source->subscribe(*first));
  ASSERT_TRUE(first->poll_until([&] { return first->owned.size() == 2; }));
  first.reset();
  Member second(options("a", topic));
  const int64_t began = steady_ms();
  ASSERT_TRUE(second.source->subscribe(second));
  EXPECT_TRUE(second.poll_until([&] { return second.owned.size() == 2; }));
  RecordProperty("restart_ms", std::to_string(steady_ms() - began));
  EXPECT_LT(steady_ms() - began, 4000);
}

TEST_F(SourceRealKafka, is_fenced_when_another_takes_its_slot) {
  const std::string topic = make_topic("in", 1);
  Member first(options("a", topic));
  ASSERT_TRUE(first.source->subscribe(first));
  ASSERT_TRUE(first.poll_until([&] { return first.owned.size() == 1; }));
  Member second(options("a", topic));
  ASSERT_TRUE(second.source->subscribe(second));
  ASSERT_TRUE(second.poll_until([&] { return second.owned.size() == 1; }));
  Status status;
  const int64_t deadline = steady_ms() + 20'000;
  while (status && steady_ms() < deadline) status = first.source->poll(20, 10).status();
  EXPECT_EQ(status.code(), Code::kFenced) << status.to_string();
}

TEST_F(SourceRealKafka, hears_of_partitions_that_are_added) {
  const std::string topic = make_topic("in", 1);
  Member member(options("a", topic));
  ASSERT_TRUE(member.source->subscribe(member));
  ASSERT_TRUE(member.poll_until([&] { return member.owned.size() == 1; }));
  auto admin = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
  ASSERT_TRUE(admin);
  char text[256];
  rd_kafka_NewPartitions_t* more = rd_kafka_NewPartitions_new(topic.c_str(), 3, text, sizeof text);
  ASSERT_NE(more, nullptr) << text;
  const QueueHandle queue(rd_kafka_queue_new(admin->get()));
  rd_kafka_CreatePartitions(admin->get(), &more, 1, nullptr, queue.get());
  const EventHandle done(rd_kafka_queue_poll(queue.get(), 20'000));
  rd_kafka_NewPartitions_destroy(more);
  ASSERT_NE(done, nullptr);
  EXPECT_TRUE(member.poll_until([&] { return member.owned.size() == 3; }));
  EXPECT_EQ(member.source->partition_count(), 3);
}

}  // namespace
}  // namespace headroom
