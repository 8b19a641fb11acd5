#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "kafka/sample_producer.h"
#include "kafka/topic_tail.h"
#include "kit/kafka_cluster.h"

namespace headroom {
namespace {

// The embedded broker has no look-ups by time.
class TopicTailRealKafka : public kit::RealKafkaTest {
 protected:
  std::vector<std::string> read_from(const std::string& topic, int64_t time_ms) {
    auto tail = TopicTail::open(config, topic, 10'000, {time_ms});
    EXPECT_TRUE(tail) << tail.status().to_string();
    std::vector<std::string> values;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (tail && !(*tail)->caught_up() && std::chrono::steady_clock::now() < deadline)
      EXPECT_TRUE((*tail)->poll(50, [&](const TopicRecord& record) { values.emplace_back(record.value); }));
    EXPECT_TRUE(tail && (*tail)->caught_up());
    std::sort(values.begin(), values.end());
    return values;
  }
};

TEST_F(TopicTailRealKafka, begins_with_the_first_record_of_a_time_in_each_partition) {
  const std::string topic = make_topic("lag", 3);
  const int64_t start = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto producer = SampleProducer::open(config, topic);
  ASSERT_TRUE(producer);
  for (int i = 0; i < 10; ++i)
    for (int partition = 0; partition < 2; ++partition)
      ASSERT_TRUE(
          (*producer)->produce("", std::to_string(partition) + ":" + std::to_string(i), start + i * 1000 + partition * 500, partition));
  ASSERT_TRUE((*producer)->flush(10'000));
  EXPECT_EQ(read_from(topic, start + 7'500), (std::vector<std::string>{"0:8", "0:9", "1:7", "1:8", "1:9"}));
  EXPECT_EQ(read_from(topic, start + 9'100), (std::vector<std::string>{"1:9"})) << "a partition without such records is begun at its end";
  EXPECT_EQ(read_from(topic, start + 60'000), std::vector<std::string>{});
  EXPECT_EQ(read_from(topic, start - 60'000).size(), 20u);
}

}  // namespace
}  // namespace headroom
