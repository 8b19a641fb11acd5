#include "kafka/topic_tail.h"

#include <gtest/gtest.h>

#include <chrono>

#include "kafka/embedded.h"
#include "kafka/sample_producer.h"

namespace headroom {
namespace {

class TopicTailTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto broker = EmbeddedBroker::start();
    ASSERT_TRUE(broker) << broker.status().to_string();
    broker_ = std::move(*broker);
    kafka_.brokers = broker_->brokers();
    ASSERT_TRUE(broker_->create_topic("t", 3));
    auto producer = SampleProducer::open(kafka_, "t");
    ASSERT_TRUE(producer);
    producer_ = std::move(*producer);
  }

  // Of partition `number % 3`.
  void produce(int from, int to) {
    for (int i = from; i < to; ++i) ASSERT_TRUE(producer_->produce("k", std::to_string(i), 1000 + i, i % 3));
    ASSERT_TRUE(producer_->flush(10'000));
  }

  // Until `count` records have come, in at most 20 s.
  std::vector<std::pair<Partition, std::string>> take(TopicTail& tail, size_t count) {
    std::vector<std::pair<Partition, std::string>> records;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (records.size() < count && std::chrono::steady_clock::now() < deadline) {
      const auto taken =
          tail.poll(50, [&](const TopicRecord& record) { records.emplace_back(record.partition, std::string(record.value)); });
      EXPECT_TRUE(taken) << taken.status().to_string();
      if (!taken) break;
    }
    return records;
  }

  std::unique_ptr<EmbeddedBroker> broker_;
  KafkaConfig kafka_;
  std::unique_ptr<SampleProducer> producer_;
};

TEST_F(TopicTailTest, gives_what_was_there_and_what_comes_later_each_once_and_in_order) {
  produce(0, 30);
  auto tail = TopicTail::open(kafka_, "t", 10'000);
  ASSERT_TRUE(tail) << tail.status().to_string();
  auto records = take(**tail, 30);
  ASSERT_EQ(records.size(), 30u);
  produce(30, 90);
  for (auto& record : take(**tail, 60)) records.push_back(std::move(record));
  std::vector<int> next = {0, 1, 2};
  for (const auto& [partition, value] : records) {
    auto& expected = next.at(static_cast<size_t>(partition));
    EXPECT_EQ(value, std::to_string(expected));
    expected += 3;
  }
  EXPECT_EQ(next, (std::vector<int>{90, 91, 92}));
  EXPECT_EQ((*tail)->positions(), (std::vector<Offset>{30, 30, 30}));
}

TEST_F(TopicTailTest, takes_no_more_than_its_share_at_once) {
  produce(0, 25'000);
  auto tail = TopicTail::open(kafka_, "t", 10'000);
  ASSERT_TRUE(tail);
  size_t all = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (all < 25'000 && std::chrono::steady_clock::now() < deadline) {
    const auto taken = (*tail)->poll(50, [](const TopicRecord&) {});
    ASSERT_TRUE(taken);
    EXPECT_LE(*taken, 10'500u);
    all += *taken;
  }
  EXPECT_EQ(all, 25'000u);
}

TEST_F(TopicTailTest, has_caught_up_when_it_gave_what_was_there_and_stays_so) {
  produce(0, 30);
  auto tail = TopicTail::open(kafka_, "t", 10'000);
  ASSERT_TRUE(tail) << tail.status().to_string();
  EXPECT_FALSE((*tail)->caught_up());
  EXPECT_EQ(take(**tail, 30).size(), 30u);
  EXPECT_TRUE((*tail)->caught_up());
  produce(30, 33);
  EXPECT_TRUE((*tail)->caught_up());
  ASSERT_TRUE(broker_->create_topic("empty", 2));
  auto none = TopicTail::open(kafka_, "empty", 10'000);
  ASSERT_TRUE(none) << none.status().to_string();
  EXPECT_TRUE((*none)->caught_up());
}

TEST_F(TopicTailTest, gives_nothing_when_nothing_comes) {
  auto tail = TopicTail::open(kafka_, "t", 10'000);
  ASSERT_TRUE(tail);
  const auto taken = (*tail)->poll(1, [](const TopicRecord&) {});
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 0u);
}

}  // namespace
}  // namespace headroom
