// A source that some groups are kept from.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include "lag_world.h"
#include "run_binary.h"

namespace headroom {
namespace {

// What is logged while it lives goes to a file.
class LogTo {
 public:
  explicit LogTo(std::string file) : file_(std::move(file)), kept_(::dup(STDERR_FILENO)) {
    const int opened = ::open(file_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(opened, STDERR_FILENO);
    ::close(opened);
  }
  ~LogTo() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  LogTo(const LogTo&) = delete;
  LogTo& operator=(const LogTo&) = delete;

  int lines_with(const std::string& words) const {
    std::istringstream lines(testing::read_text(file_));
    int count = 0;
    for (std::string line; std::getline(lines, line);) count += line.find(words) != std::string::npos;
    return count;
  }

 private:
  const std::string file_;
  const int kept_;
};

class LagDeniedRealKafka : public LagRealKafka {
 protected:
  kit::Cluster& cluster() const override { return kit::guarded_cluster(); }

  void TearDown() override {
    for (const auto& [kind, name] : guarded_) allow_again(kind, name);
  }

  // Everything else on it stays allowed; everybody here is the same anonymous user.
  void deny_describing(rd_kafka_ResourceType_t kind, const std::string& name) {
    guarded_.emplace_back(kind, name);
    auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
    ASSERT_TRUE(client);
    rd_kafka_AclBinding_t* rules[] = {rule(kind, name, RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW),
                                      rule(kind, name, RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY)};
    const QueueHandle queue(rd_kafka_queue_new(client->get()));
    rd_kafka_CreateAcls(client->get(), rules, 2, nullptr, queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 20'000));
    rd_kafka_AclBinding_destroy_array(rules, 2);
    ASSERT_NE(event, nullptr);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void allow_again(rd_kafka_ResourceType_t kind, const std::string& name) const {
    auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
    ASSERT_TRUE(client);
    char text[256];
    rd_kafka_AclBindingFilter_t* all =
        rd_kafka_AclBindingFilter_new(kind, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr, nullptr, RD_KAFKA_ACL_OPERATION_ANY,
                                      RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text, sizeof text);
    const QueueHandle queue(rd_kafka_queue_new(client->get()));
    rd_kafka_DeleteAcls(client->get(), &all, 1, nullptr, queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 20'000));
    rd_kafka_AclBinding_destroy(all);
    ASSERT_NE(event, nullptr);
  }

  // The broker obeys a rule a moment after it has taken it.
  void cycle_until(const std::function<bool()>& done) {
    for (const int64_t deadline = steady_ms() + 20'000; steady_ms() < deadline;) {
      seen = cycle();
      if (done()) return;
    }
    ADD_FAILURE() << "it did not come to that";
  }

  bool has(const std::string& of_group) const { return seen.contains(of_group + " " + topic + " 0"); }

  std::map<std::string, nlohmann::json> seen;
  std::string topic;
  testing::TestFolder folder;

 private:
  static rd_kafka_AclBinding_t* rule(rd_kafka_ResourceType_t kind, const std::string& name, rd_kafka_AclOperation_t operation,
                                     rd_kafka_AclPermissionType_t permission) {
    char text[256];
    return rd_kafka_AclBinding_new(kind, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:*", "*", operation, permission, text,
                                   sizeof text);
  }

  std::vector<std::pair<rd_kafka_ResourceType_t, std::string>> guarded_;
};

TEST_F(LagDeniedRealKafka, a_group_that_may_not_be_described_is_named_once_and_the_others_are_served) {
  topic = make_topic("t", 1);
  produce(topic, 0, {kStart, kStart + 1000, kStart + 2000});
  for (const char* name : {"a", "secret", "z"}) commit(group(name), topic, 0, 2);
  const LogTo logged(folder.file("log"));
  (void)cycle();
  EXPECT_EQ(last.groups, 3u);
  EXPECT_EQ(last.denied_groups, 0u);

  deny_describing(RD_KAFKA_RESOURCE_GROUP, group("secret"));
  cycle_until([&] { return last.denied_groups > 0; });
  for (int i = 0; i < 3; ++i) {
    seen = cycle();
    EXPECT_EQ(last.denied_groups, 1u);
    EXPECT_EQ(last.failed_groups, 0u);
    EXPECT_EQ(last.groups, 2u);
    EXPECT_TRUE(has(group("a")) && has(group("z")) && !has(group("secret")));
    EXPECT_EQ(seen.at(group("a") + " " + topic + " 0")["consumed_time_ms"], kStart + 1000);
  }
  EXPECT_EQ(logged.lines_with("a group's offsets cannot be read"), 1);
  EXPECT_EQ(logged.lines_with("group=" + group("secret")), 1);

  // Without the right to describe the cluster a listing has only what may be described. A group that it hides is not taken for deleted.
  deny_describing(RD_KAFKA_RESOURCE_BROKER, "kafka-cluster");
  const auto groups = LagGroups::make(config);
  ASSERT_TRUE(groups);
  cycle_until([&] {
    const auto listing = (*groups)->list(steady_ms() + 5'000);
    return listing && std::none_of(listing->groups.begin(), listing->groups.end(),
                                   [&](const ListedGroup& one) { return one.group == group("secret"); });
  });
  for (int i = 0; i < 15; ++i) {
    seen = cycle();
    book->forget(kStart, [](const std::string&, const LagForgotten& one) { ADD_FAILURE() << one.group << " is " << one.reason; });
    EXPECT_EQ(last.groups, 2u);
    EXPECT_EQ(last.denied_groups, 1u);
  }
  EXPECT_TRUE(has(group("a")) && has(group("z")) && !has(group("secret")));
  EXPECT_EQ(logged.lines_with("group=" + group("secret")), 1);
}

}  // namespace
}  // namespace headroom
