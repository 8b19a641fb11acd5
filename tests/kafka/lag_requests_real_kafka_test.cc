#include <gtest/gtest.h>

#include <algorithm>

#include "kafka/lag_groups.h"
#include "kafka/lag_offsets.h"
#include "kafka/lag_records.h"
#include "kafka/partitions.h"
#include "kafka/sample_producer.h"
#include "kit/kafka_cluster.h"

namespace headroom {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;

class LagRequestsRealKafka : public kit::RealKafkaTest {
 protected:
  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    config.retention_ms = 3'650LL * 24 * 3'600'000;
    topic = make_topic("t", 8);
    auto producer = SampleProducer::open(config, topic);
    ASSERT_TRUE(producer);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE((*producer)->produce({}, "v", kStart + i * 1000, 0));
    for (Partition p = 1; p < 8; ++p) ASSERT_TRUE((*producer)->produce({}, "v", kStart + p, p));
    ASSERT_TRUE((*producer)->flush(30'000));
  }

  static int64_t soon() { return steady_ms() + 20'000; }

  std::string topic;
};

TEST_F(LagRequestsRealKafka, a_partition_asked_for_many_times_at_once_gets_an_answer_for_each) {
  auto offsets = LagOffsets::make(config, LagOffsets::End::kHigh);
  ASSERT_TRUE(offsets);
  std::vector<OffsetQuestion> questions;
  for (int i = 0; i < 12; ++i) questions.push_back({&topic, 0, 0, kStart + i * 1000});
  (*offsets)->ask(questions, soon());
  for (int i = 0; i < 12; ++i) {
    const OffsetQuestion& one = questions[static_cast<size_t>(i)];
    EXPECT_EQ(one.code, Code::kOk);
    EXPECT_EQ(one.offset, i < 10 ? i : -1);
  }
}

TEST_F(LagRequestsRealKafka, more_partitions_than_fit_a_request_are_all_answered) {
  auto offsets = LagOffsets::make(config, LagOffsets::End::kStable);
  ASSERT_TRUE(offsets);
  const std::string wide = make_topic("wide", 501);
  // A topic is made before all its partitions have leaders.
  size_t answered = 0;
  uint64_t requests = 0;
  for (const int64_t deadline = soon(); answered < 501 && steady_ms() < deadline;) {
    std::vector<OffsetQuestion> questions;
    for (Partition p = 500; p >= 0; --p) questions.push_back({&wide, p, 0, OffsetQuestion::kEnd});
    const uint64_t before = (*offsets)->requests();
    (*offsets)->ask(questions, soon());
    requests = (*offsets)->requests() - before;
    answered = static_cast<size_t>(
        std::count_if(questions.begin(), questions.end(), [](const auto& one) { return one.code == Code::kOk && one.offset == 0; }));
  }
  EXPECT_EQ(answered, 501u);
  EXPECT_EQ(requests, 2u);
}

TEST_F(LagRequestsRealKafka, a_topic_that_is_not_there_costs_only_itself) {
  auto offsets = LagOffsets::make(config, LagOffsets::End::kHigh);
  ASSERT_TRUE(offsets);
  const std::string none = topic + ".none";
  std::vector<OffsetQuestion> questions = {{&none, 0, -1, OffsetQuestion::kEnd}, {&topic, 0, 0, OffsetQuestion::kEnd}};
  (*offsets)->ask(questions, soon());
  EXPECT_NE(questions[0].code, Code::kOk);
  EXPECT_EQ(questions[1].code, Code::kOk);
  EXPECT_EQ(questions[1].offset, 10);
}

TEST_F(LagRequestsRealKafka, reads_what_stands_around_a_place) {
  auto records = LagRecords::make(config);
  ASSERT_TRUE(records);
  std::vector<RecordQuestion> questions(2);
  questions[0].topic = questions[1].topic = &topic;
  questions[0].from = 3;
  questions[0].mark = 4;
  questions[0].to_end = true;
  questions[1].partition = 1;
  questions[1].from = 700;  // past its end
  questions[1].mark = 701;
  ASSERT_TRUE((*records)->read(questions, soon()));
  const RecordQuestion& one = questions[0];
  ASSERT_TRUE(one.code == Code::kOk && one.before && one.after && one.last && one.end);
  EXPECT_EQ(one.before->time_ms, kStart + 3000);
  EXPECT_EQ(one.after->time_ms, kStart + 4000);
  EXPECT_EQ(one.last->offset, 9);
  EXPECT_EQ(one.end, 10);
  EXPECT_NE(questions[1].code, Code::kOk);
}

TEST_F(LagRequestsRealKafka, tells_of_groups_and_topics_and_of_each_that_cannot_be_told) {
  auto groups = LagGroups::make(config);
  ASSERT_TRUE(groups);
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  plan.required.insert({{"group.id", installation}});
  auto client = make_client(config, plan);
  ASSERT_TRUE(client);
  const PartitionOffset places[] = {{0, 7}, {5, 1}};
  const PartitionList list = list_of(topic, std::span<const PartitionOffset>(places));
  ASSERT_EQ(rd_kafka_commit(client->get(), list.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);

  const auto listing = (*groups)->list(soon());
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->complete);
  EXPECT_EQ(std::count_if(listing->groups.begin(), listing->groups.end(), [&](const auto& one) { return one.group == installation; }), 1);
  const std::string names[] = {installation, installation + ".none"};
  const auto commits = (*groups)->committed(names, soon());
  ASSERT_TRUE(commits[0].status);
  ASSERT_EQ(commits[0].partitions.size(), 2u);
  for (const auto& [place, offset] : commits[0].partitions) EXPECT_EQ(offset, place.second == 0 ? 7 : 1);
  EXPECT_TRUE(commits[1].partitions.empty());
  const auto described = (*groups)->describe(names, soon());
  EXPECT_TRUE(described[0].status);
  EXPECT_EQ(described[0].members, 0);
  const auto leaders = (*groups)->leaders(soon());
  ASSERT_TRUE(leaders);
  ASSERT_EQ(leaders->at(topic).size(), 8u);
  EXPECT_GE(leaders->at(topic)[7], 0);
  const std::string topics[] = {topic};
  EXPECT_EQ((*groups)->retention(topics, soon()).at(topic).ms, config.retention_ms);
}

}  // namespace
}  // namespace headroom
