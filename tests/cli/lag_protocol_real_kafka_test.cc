// Groups of the consumer protocol of KIP-848, which librdkafka 2.0.2 can list and read, and cannot describe.

#include <gtest/gtest.h>

#include <csignal>

#include "cli/child.h"
#include "lag_watched_course.h"
#include "run_binary.h"

namespace headroom {
namespace {

using Words = std::vector<std::string>;

class LagProtocolRealKafka : public LagWatchedCourse {
 protected:
  kit::Cluster& cluster() const override { return kit::guarded_cluster(); }

  // Kafka's own consumer, which commits what it has read every 100 ms.
  Result<Child> consume(const std::string& topic) const {
    return Child::start({{"java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                          "-Dlog4j.configuration=file:" + std::string(HEADROOM_SOURCE_DIR) + "/ops/kafka/log4j.properties", "-cp",
                          cluster().env.at("HEADROOM_KAFKA_LIBS") + "/*", "org.apache.kafka.tools.consumer.ConsoleConsumer",
                          "--bootstrap-server", config.brokers, "--topic", topic, "--group", reading, "--from-beginning",
                          "--consumer-property", "group.protocol=consumer", "--consumer-property", "auto.commit.interval.ms=100"},
                         folder.file("log")});
  }

  bool wait_for_commit(const LagStream& stream, Offset offset) const {
    const auto groups = LagGroups::make(config);
    if (!groups) return false;
    const std::string names[] = {reading};
    for (const int64_t deadline = steady_ms() + 30'000; steady_ms() < deadline;) {
      const auto answers = (*groups)->committed(names, deadline);
      for (const auto& one : answers.front().partitions)
        if (one.place == TopicPartition(stream.topic, stream.partition) && one.offset >= offset) return true;
    }
    return false;
  }

  testing::TestFolder folder;
};

TEST_F(LagProtocolRealKafka, a_group_of_kip_848_is_watched_and_its_members_are_not_taken_for_none) {
  const std::string topic = add_topic("t");
  LagStream& stream = streams[0];
  auto consumer = consume(topic);
  ASSERT_TRUE(consumer);
  for (int i = 0; i < 24; ++i) {
    pass_cycle();
    ASSERT_TRUE(wait_for_commit(stream, stream.end)) << testing::read_text(folder.file("log"));
  }
  pass_cycle();
  EXPECT_EQ(said(stream), Words{"ok"});
  EXPECT_EQ(alerts, Words{});
  EXPECT_EQ(book->groups.at(reading).state, "Stable");
  EXPECT_EQ(book->groups.at(reading).members, std::nullopt);

  ASSERT_TRUE(wait_for_commit(stream, stream.end));
  const int64_t fault_ms = now_ms;
  consumer->signal(SIGSTOP);  // a member until its session ends, 45 s of ours later
  pass(3 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stalled"})) << "stopped would say that it has no members";
  EXPECT_LE(found_after(fault_ms, stream), kSoon);
  EXPECT_EQ(alerts, Words{"stalled firing"});
  EXPECT_EQ(book->groups.at(reading).members, std::nullopt);

  consumer->signal(SIGCONT);
  ASSERT_TRUE(wait_for_commit(stream, stream.end));
  consumer->signal(SIGTERM);
  ASSERT_TRUE(consumer->wait(20'000));
  pass(3 * kMinute);
  EXPECT_EQ(said(stream), (Words{"ok", "stalled", "ok", "stopped"})) << "an empty group is one whatever its protocol";
  EXPECT_EQ(book->groups.at(reading).members, 0);
}

}  // namespace
}  // namespace headroom
