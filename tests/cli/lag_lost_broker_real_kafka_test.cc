// A source that watches while a broker is lost.

#include <gtest/gtest.h>

#include <set>

#include "lag_world.h"
#include "run_binary.h"

namespace headroom {
namespace {

// Three brokers, one of which will be killed: of the test's own.
class LagLostBrokerRealKafka : public LagRealKafka {
 protected:
  static constexpr int kPartitions = 6;
  static constexpr int kGroups = 12;
  static constexpr int64_t kDeadlineMs = 2500;  // of a cycle

  kit::Cluster& cluster() const override { return *cluster_; }

  void SetUp() override {
    cluster_ = std::make_unique<kit::Cluster>();
    cluster_->dir = folder_.file("cluster");
    cluster_->run("start --only kafka --nodes 3 --ttl 120");
    LagRealKafka::SetUp();
  }

  void TearDown() override {
    observer.reset();
    cluster_->run("stop --wipe");
  }

  // A cycle as the source has it. What is told of a partition is always the same, for nothing is written any more.
  void observe() {
    const int64_t began_ms = steady_ms();
    const auto done = observer->observe(*book, ++cycles, kNow, began_ms + kDeadlineMs);
    EXPECT_LE(steady_ms() - began_ms, kDeadlineMs + 1000);
    ASSERT_TRUE(done) << done.status().to_string();
    last = *done;
    told.clear();
    book->each_sample(cycles, kNow, [&](const std::string&, const LagSample& sample) {
      EXPECT_TRUE(sample.committed_offset == 2 || sample.group == group("m"));
      if (!sample.end_offset) return;
      told.insert(sample.partition);
      EXPECT_EQ(sample.end_offset, 4);
      EXPECT_EQ(sample.last_stable_offset, 4);
      EXPECT_EQ(sample.log_start_offset, 0);
      EXPECT_EQ(sample.end_time_ms, kStart + 3000);
      EXPECT_TRUE(!sample.committed_offset || sample.consumed_time_ms == kStart + 1000);
    });
  }

  static constexpr int64_t kNow = kStart + 200'000;
  std::set<Partition> told;  // partitions of which something was

 private:
  testing::TestFolder folder_;
  std::unique_ptr<kit::Cluster> cluster_;
};

TEST_F(LagLostBrokerRealKafka, is_got_over_while_the_broker_stays_away) {
  const std::string topic = make_topic("t", kPartitions);
  for (Partition p = 0; p < kPartitions; ++p) produce(topic, p, {kStart, kStart + 1000, kStart + 2000, kStart + 3000});
  for (int g = 0; g < kGroups; ++g)
    for (Partition p = 0; p < kPartitions; ++p) commit(group(std::to_string(g)), topic, p, 2);
  const ClientHandle member = join(group("m"), topic);
  (void)cycle(kNow);
  observe();
  ASSERT_EQ(told.size(), 6u);
  ASSERT_EQ(last.groups, kGroups + 1u);
  const auto admin = LagGroups::make(config);
  ASSERT_TRUE(admin);
  const auto leaders = (*admin)->leaders(steady_ms() + 10'000);
  ASSERT_TRUE(leaders);

  ASSERT_EQ(cluster().run("kill-kafka --node 2"), 0);
  const int64_t killed_ms = steady_ms();
  for (bool whole = false; !whole && steady_ms() - killed_ms < 40'000;) {
    const int64_t began_ms = steady_ms();
    observe();
    // Until the cluster itself has given the broker up, others may be held up too.
    const bool fenced = began_ms - killed_ms > 25'000;
    EXPECT_TRUE(!fenced || last.groups > 0) << "those of the other coordinators are served";
    for (Partition p = 0; p < kPartitions; ++p)
      EXPECT_TRUE(!fenced || leaders->at(topic)[static_cast<size_t>(p)] == 2 || told.contains(p)) << p << " in cycle " << cycles;
    whole = last.groups == kGroups + 1u && last.unavailable == 0 && told.size() == 6u && book->groups.at(group("m")).members.has_value();
  }
  std::printf("whole again %lld ms after the kill\n", static_cast<long long>(steady_ms() - killed_ms));
  EXPECT_LT(steady_ms() - killed_ms, 40'000) << last.groups << " groups and " << told.size() << " partitions came back";
  for (int i = 0; i < 3; ++i) {
    const int64_t began_ms = steady_ms();
    observe();
    EXPECT_LT(steady_ms() - began_ms, 1500) << "a broker that is gone holds nobody up";
    EXPECT_EQ(last.groups, kGroups + 1u);
  }
}

}  // namespace
}  // namespace headroom
