#include "kafka/embedded.h"

#include <gtest/gtest.h>

#include "kafka/topic_reader.h"
#include "worker_ports.h"

// Only after rdkafka.h.
#include <librdkafka/rdkafka_mock.h>

namespace headroom {
namespace {

constexpr int16_t kProduce = 0;
constexpr int16_t kEndTxn = 26;
constexpr int16_t kTxnOffsetCommit = 28;

// The mock cluster knows no real transactions; what it can do is refuse requests on demand.
class Embedded : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = EmbeddedBroker::start();
    ASSERT_TRUE(started) << started.status().to_string();
    broker = std::move(*started);
    ASSERT_TRUE(broker->create_topic("in", 2));
    ASSERT_TRUE(broker->create_topic("out", 1));
    options.kafka.brokers = broker->brokers();
    options.installation = "t";
    options.topology = "sizes";
    options.slot = "a";
    options.source_topic = "in";
    options.output_topics = {"out"};
    options.kafka.consumer_properties["fetch.wait.max.ms"] = "10";
  }

  // One transaction of one record, without offsets unless `group` is there.
  CommitResult transact(Sink& sink, const GroupMetadata* group = nullptr) {
    EXPECT_TRUE(sink.begin());
    EXPECT_TRUE(sink.produce(out_record("out", 1, "v")));
    if (group != nullptr) {
      const OffsetCommit commit{0, 1, "m"};
      const CommitResult sent = sink.send_offsets(std::span(&commit, 1), *group);
      if (sent.outcome != CommitOutcome::kCommitted) return sent;
    }
    return sink.commit();
  }

  void refuse(int16_t request, rd_kafka_resp_err_t error) { rd_kafka_mock_push_request_errors(broker->cluster(), request, 1, error); }

  std::unique_ptr<EmbeddedBroker> broker;
  KafkaWorkerOptions options;
};

TEST_F(Embedded, reads_and_commits_in_at_least_once_mode) {
  options.delivery = Delivery::kAtLeastOnce;
  fill(options.kafka, "in", 0, 0, 100);
  fill(options.kafka, "in", 1, 0, 100);
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  ASSERT_TRUE(member.source->subscribe(member));
  size_t records = 0;
  ASSERT_TRUE(member.poll_until([&] { return records == 200; }, [&](const Batch& batch) { records += batch.records.size(); }));
  ASSERT_TRUE(member.sink->begin());
  ASSERT_TRUE(member.sink->produce(out_record("out", 1, "v")));
  const std::vector<OffsetCommit> offsets{{0, 100, "zero"}, {1, 100, "one"}};
  ASSERT_EQ(member.sink->send_offsets(offsets, *member.group).outcome, CommitOutcome::kCommitted);
  const CommitResult result = member.sink->commit();
  ASSERT_EQ(result.outcome, CommitOutcome::kCommitted) << result.detail;
  const std::vector<Partition> both{0, 1};
  const auto committed = member.source->committed(both, true, 10'000);
  ASSERT_TRUE(committed) << committed.status().to_string();
  EXPECT_EQ(committed->at(0).offset, 100);
  EXPECT_EQ(committed->at(0).metadata, "zero");
  EXPECT_EQ(committed->at(1).metadata, "one");
  std::vector<std::string> values;
  ReadTopic what;
  what.topic = "out";
  ASSERT_TRUE(read_topic(options.kafka, what, [&](const TopicRecord& record) { return values.emplace_back(record.value), true; }));
  EXPECT_EQ(values, std::vector<std::string>{"v"});
  const auto bounds = member.source->bounds(0, 10'000);
  ASSERT_TRUE(bounds) << bounds.status().to_string();
  EXPECT_EQ(bounds->end, 100);
}

TEST_F(Embedded, reads_only_the_last_records_when_asked_to) {
  fill(options.kafka, "in", 0, 0, 50);
  std::vector<std::string> values;
  ReadTopic what;
  what.topic = "in";
  what.last_records = 3;
  ASSERT_TRUE(read_topic(options.kafka, what, [&](const TopicRecord& record) { return values.emplace_back(record.value), true; }));
  EXPECT_EQ(values, (std::vector<std::string>{"47", "48", "49"}));
}

TEST_F(Embedded, says_that_a_commit_is_fenced) {
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  ASSERT_EQ(transact(*member.sink).outcome, CommitOutcome::kCommitted);
  refuse(kEndTxn, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  EXPECT_EQ(transact(*member.sink).outcome, CommitOutcome::kFenced);
}

TEST_F(Embedded, does_not_know_the_outcome_of_a_commit_that_fails_otherwise) {
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  refuse(kEndTxn, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
  const CommitResult result = transact(*member.sink);
  EXPECT_EQ(result.outcome, CommitOutcome::kUnknown) << result.detail;
  ASSERT_TRUE(member.sink->open(10'000)) << "a new producer goes on";
  EXPECT_EQ(transact(*member.sink).outcome, CommitOutcome::kCommitted);
}

TEST_F(Embedded, commits_when_the_coordinator_asks_to_try_again) {
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  refuse(kEndTxn, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
  refuse(kEndTxn, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  EXPECT_EQ(transact(*member.sink).outcome, CommitOutcome::kCommitted);
}

TEST_F(Embedded, knows_that_nothing_was_committed_when_a_record_was_refused) {
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  refuse(kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const CommitResult result = transact(*member.sink);
  EXPECT_EQ(result.outcome, CommitOutcome::kAborted) << result.detail;
  EXPECT_NE(result.detail.find("out"), std::string::npos);
  EXPECT_EQ(member.sink->abort().outcome, CommitOutcome::kUnknown) << "the producer is not good for another";
  ASSERT_TRUE(member.sink->open(10'000));
  const CommitResult again = transact(*member.sink);
  EXPECT_EQ(again.outcome, CommitOutcome::kCommitted) << again.detail;
}

TEST_F(Embedded, loses_the_lanes_when_the_group_knows_another_generation) {
  Member member(options);
  ASSERT_TRUE(member.sink->open(10'000));
  ASSERT_TRUE(member.source->subscribe(member));
  ASSERT_TRUE(member.poll_until([&] { return !member.owned.empty(); }));
  refuse(kTxnOffsetCommit, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
  EXPECT_EQ(transact(*member.sink, member.group.get()).outcome, CommitOutcome::kLost);
  EXPECT_EQ(member.sink->abort().outcome, CommitOutcome::kAborted);
  EXPECT_EQ(transact(*member.sink, member.group.get()).outcome, CommitOutcome::kCommitted);
}

TEST_F(Embedded, cannot_open_while_no_broker_answers) {
  rd_kafka_mock_broker_set_down(broker->cluster(), -1);
  Member member(options);
  const Status status = member.sink->open(500);
  EXPECT_TRUE(status.code() == Code::kTimeout || status.code() == Code::kUnavailable) << status.to_string();
  EXPECT_EQ(member.sink->begin().code(), Code::kUnavailable);
  rd_kafka_mock_broker_set_up(broker->cluster(), -1);
  EXPECT_TRUE(member.sink->open(10'000));
}

}  // namespace
}  // namespace headroom
