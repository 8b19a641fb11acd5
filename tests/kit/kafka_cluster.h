#pragma once

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "headroom/status.h"
#include "kafka/client.h"
#include "kafka/topic_tail.h"
#include "kafka/topics.h"

namespace headroom::kit {

// A real broker and Redis from ops/cluster.sh.
struct Cluster {
  std::string dir;
  std::map<std::string, std::string> env;
  std::string missing;  // why there is none: a prerequisite that this machine lacks
  std::string failure;  // why there is none, though there should be

  std::string brokers() const { return env.at("HEADROOM_KAFKA"); }
  std::string redis() const { return env.at("HEADROOM_REDIS"); }

  // Runs ops/cluster.sh COMMAND on this cluster; its exit status.
  int run(const std::string& command) {
    const std::string line = std::string(HEADROOM_SOURCE_DIR) + "/ops/cluster.sh " + command + " --dir '" + dir + "' 2>&1";
    FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) return failure = "cannot run " + line, 1;
    std::string output;
    std::array<char, 512> text{};
    while (fgets(text.data(), text.size(), pipe) != nullptr) {
      const std::string row(text.data());
      const size_t equals = row.find('=');
      if (row.rfind("HEADROOM_", 0) == 0 && equals != std::string::npos)
        env[row.substr(0, equals)] = row.substr(equals + 1, row.size() - equals - 2);
      else
        output += row;
    }
    const int status = pclose(pipe);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (code == 3) missing = output;
    if (code != 0 && code != 3) failure = output;
    return code;
  }
};

// One of this name for all tests of a build folder. It is left running for the next test and ends itself when none has asked for it for
// five minutes.
inline Cluster start_cluster(const std::string& name, const std::string& options) {
  Cluster made;
  made.dir = (std::filesystem::path(HEADROOM_BINARY).parent_path() / name).string();
  made.run("start --ttl 300" + options);
  return made;
}

inline Cluster& shared_cluster() {
  static Cluster cluster = start_cluster("test-cluster", "");
  return cluster;
}

// Its broker obeys ACLs, which allow everything until there are some, and has the consumer protocol of KIP-848. No Redis.
inline Cluster& guarded_cluster() {
  static Cluster cluster = start_cluster("test-cluster-guarded",
                                         " --only kafka --set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
                                         " --set allow.everyone.if.no.acl.found=true"
                                         " --set group.coordinator.rebalance.protocols=classic,consumer");
  return cluster;
}

// A name that no other test, process or run uses.
inline std::string unique_name(const std::string& base) {
  static std::atomic<int> count{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return base + "-" + std::to_string(getpid()) + "-" + std::to_string(now % 1'000'000'000'000) + "-" + std::to_string(count++);
}

// Skips, with the reason, where there can be no real broker; with HEADROOM_REQUIRE_KAFKA=1 that is a failure. Name suites ...RealKafka.
class RealKafkaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Cluster& cluster = this->cluster();
    ASSERT_EQ(cluster.failure, "");
    if (!cluster.missing.empty()) {
      const char* required = std::getenv("HEADROOM_REQUIRE_KAFKA");
      ASSERT_FALSE(required != nullptr && std::string(required) == "1") << cluster.missing;
      GTEST_SKIP() << cluster.missing;
    }
    config.brokers = cluster.brokers();
    installation = unique_name("t");
  }

  virtual Cluster& cluster() const { return shared_cluster(); }

  std::string make_topic(const std::string& base, int partitions) {
    const std::string topic = installation + "." + base;
    KafkaConfig with = config;
    with.partitions = partitions;
    const Status made = create_topics(with, std::span(&topic, 1), 20'000);
    EXPECT_TRUE(made) << made.to_string();
    return topic;
  }

  // From its start. A partition that was only just made may not have its leader yet.
  std::unique_ptr<TopicTail> follow_topic(const std::string& topic) {
    auto tail = TopicTail::open(config, topic, 20'000);
    for (const int64_t deadline = steady_ms() + 20'000; !tail && steady_ms() < deadline;) tail = TopicTail::open(config, topic, 20'000);
    EXPECT_TRUE(tail) << tail.status().to_string();
    return tail ? std::move(*tail) : nullptr;
  }

  KafkaConfig config;
  std::string installation;  // its own group, slots and topics for every test
};

}  // namespace headroom::kit
