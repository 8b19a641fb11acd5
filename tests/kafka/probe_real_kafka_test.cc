#include <gtest/gtest.h>

#include "kafka/probe.h"
#include "kafka/sample_producer.h"
#include "kit/kafka_cluster.h"

namespace headroom {
namespace {

class GroupProbeRealKafka : public kit::RealKafkaTest {};

TEST_F(GroupProbeRealKafka, reads_a_record_at_once_after_other_questions) {
  constexpr int64_t kStamp = 1'700'000'000'000;
  config.retention_ms = 3'650LL * 24 * 3'600'000;
  const std::string topic = make_topic("t", 1);
  auto producer = SampleProducer::open(config, topic);
  ASSERT_TRUE(producer);
  ASSERT_TRUE((*producer)->produce({}, "v", kStamp, 0));
  ASSERT_TRUE((*producer)->flush(20'000));

  auto probe = GroupProbe::make(config, installation + ".g", topic);
  ASSERT_TRUE(probe);
  const Partition partitions[] = {0};
  ASSERT_TRUE((*probe)->committed(partitions, 20'000));
  ASSERT_TRUE((*probe)->lists_instance("a", 20'000));
  const int64_t asked_ms = steady_ms();
  const auto stamp = (*probe)->timestamp_at(0, 0, 20'000);
  ASSERT_TRUE(stamp) << stamp.status().to_string();
  EXPECT_EQ(*stamp, kStamp);
  EXPECT_LT(steady_ms() - asked_ms, 250) << "a takeover waits for it";
}

}  // namespace
}  // namespace headroom
