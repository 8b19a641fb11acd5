#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/time_text.h"
#include "cli/child.h"
#include "cli/demo_redis.h"
#include "kafka/embedded.h"
#include "kit/cloud_stand_in.h"
#include "run_binary.h"
#include "spot/metadata_client.h"

namespace headroom::testing {
namespace {

using kit::CloudStandIn;
using nlohmann::json;

constexpr const char* kTerminate = R"({"action":"terminate","time":"2126-09-18T08:22:00Z"})";

// `headroom run` on an embedded broker and a Redis of its own, with a stand-in of Amazon's metadata service.
class SpotNotice : public ::testing::Test {
 protected:
  void SetUp() override {
    auto redis = demo::start_redis(folder_.file(""));
    if (redis.status().code() == Code::kNotFound) GTEST_SKIP() << redis.status().message();
    ASSERT_TRUE(redis) << redis.status().to_string();
    redis_ = std::move(*redis);
    auto broker = EmbeddedBroker::start();
    ASSERT_TRUE(broker) << broker.status().to_string();
    broker_ = std::move(*broker);
    for (const char* topic : {"headroom.samples", "headroom.actions", "headroom.rejected", "headroom.alerts"})
      ASSERT_TRUE(broker_->create_topic(topic, 1));
  }

  void start(const std::string& provider, json spot = json::object(), std::vector<std::string> before = {}) {
    spot["provider"] = provider;
    spot["poll_interval"] = "20ms";
    if (provider != "kubernetes") spot["endpoint"] = cloud_.endpoint();
    const json config = {{"kafka", {{"brokers", broker_->brokers()}}},
                         {"redis", {{"url", demo::redis_url(folder_.file(""))}}},
                         {"http", {{"listen", "127.0.0.1:0"}}},
                         {"engine", {{"delivery", "at_least_once"}}},
                         {"spot", spot},
                         {"topologies", {{"right_sizing", json::object()}}}};
    std::vector<std::string> command = std::move(before);
    for (const auto& word : {std::string(HEADROOM_BINARY), std::string("run"), std::string("--config"),
                             folder_.write("config.json", config.dump()), std::string("--slot"), std::string("a")})
      command.push_back(word);
    auto child = Child::start({command, folder_.file("log")});
    ASSERT_TRUE(child) << child.status().to_string();
    worker_ = std::move(*child);
  }

  std::string log() const { return read_text(folder_.file("log")); }

  // A page of the process; none while it does not serve.
  std::optional<MetadataAnswer> get(const std::string& path) const {
    const std::string text = log();
    constexpr std::string_view kField = " address=";
    const size_t field = text.find(kField);
    if (field == std::string::npos) return std::nullopt;
    const size_t begin = field + kField.size();
    MetadataClient client("http://" + text.substr(begin, text.find_first_of(" \n", begin) - begin));
    const auto answer = client.ask({.put = false, .target = path, .headers = {}, .timeout_ms = 5000});
    return answer ? std::optional(*answer) : std::nullopt;
  }
  json status() const {
    const auto answer = get("/api/v1/status");
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  // Until it holds, looked at again and again; false after a minute or when the process has ended.
  bool wait(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      if (holds()) return true;
      if (worker_->wait(20)) return false;
    }
    return false;
  }
  bool wait_live() {
    return wait([&] {
      const json now = status();
      return now.is_object() && now["workers"][0]["lanes"].size() == 1 && now["workers"][0]["lanes"][0]["phase"] == "live";
    });
  }
  bool wait_drained() {
    return wait([&] {
      const json now = status();
      return now.is_object() && now.contains("spot") && now["spot"].value("state", "") == "drained";
    });
  }

  TestFolder folder_;
  CloudStandIn cloud_{CloudStandIn::Cloud::kAws};
  std::optional<Child> redis_;
  std::unique_ptr<EmbeddedBroker> broker_;
  std::optional<Child> worker_;
};

TEST_F(SpotNotice, makes_a_process_leave_and_stay_up_without_lanes_until_sigterm) {
  start("aws", {{"leave_before", "1h"}});
  ASSERT_TRUE(wait_live()) << log();
  EXPECT_EQ(get("/readyz")->status, 200u);
  const auto now = std::chrono::system_clock::now() + std::chrono::seconds(120);
  const std::string time = format_rfc3339(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  cloud_.set(CloudStandIn::kAwsAction, {200, R"({"action":"terminate","time":")" + time + R"("})"});
  ASSERT_TRUE(wait_drained()) << log();

  const json left = status();
  EXPECT_TRUE(left["workers"][0]["lanes"].empty()) << left;
  EXPECT_EQ(left["spot"]["notice"]["kind"], "terminate");
  EXPECT_EQ(get("/livez")->status, 200u);
  const auto ready = get("/readyz");
  EXPECT_EQ(ready->status, 503u);
  EXPECT_NE(ready->body.find("drained after a spot notice (aws, terminate)"), std::string::npos) << ready->body;
  const std::string metrics = get("/metrics")->body;
  EXPECT_NE(metrics.find(R"(headroom_spot_notices_total{kind="terminate",provider="aws"} 1)"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find(R"(headroom_spot_watch_up{provider="aws"} 1)"), std::string::npos);
  EXPECT_NE(metrics.find("headroom_spot_leave_seconds_count 1"), std::string::npos);
  EXPECT_EQ(metrics.find("headroom_spot_notice_deadline_seconds 0\n"), std::string::npos);
  EXPECT_EQ(metrics.find("headroom_lane_state{"), std::string::npos) << "the lanes' series are gone";

  ASSERT_TRUE(worker_->running());
  worker_->signal(SIGTERM);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
}

TEST_F(SpotNotice, that_stands_at_the_start_takes_no_lanes) {
  cloud_.set(CloudStandIn::kAwsAction, {200, R"({"action":"stop"})"});
  start("auto");
  ASSERT_TRUE(wait_drained()) << log();
  EXPECT_EQ(log().find("partitions assigned"), std::string::npos) << log();
  EXPECT_EQ(status()["spot"]["provider"], "aws");
  worker_->signal(SIGTERM);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
}

TEST_F(SpotNotice, that_is_withdrawn_ends_the_process_for_a_fresh_start) {
  cloud_.set(CloudStandIn::kAwsAction, {200, R"({"action":"stop"})"});
  start("aws");
  ASSERT_TRUE(wait_drained()) << log();
  cloud_.withdraw(CloudStandIn::kAwsAction);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
  EXPECT_NE(log().find("the spot notice was withdrawn"), std::string::npos);
}

TEST_F(SpotNotice, is_waited_out_only_so_long) {
  cloud_.set(CloudStandIn::kAwsAction, {200, R"({"action":"stop"})"});
  start("aws", {{"stay_drained", "100ms"}});
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
  EXPECT_NE(log().find("left on a spot notice"), std::string::npos) << log();
}

TEST_F(SpotNotice, of_a_time_far_off_changes_nothing_yet) {
  cloud_.set(CloudStandIn::kAwsAction, {200, kTerminate});
  start("aws");
  ASSERT_TRUE(wait_live()) << log();
  ASSERT_TRUE(cloud_.wait_asked_again(CloudStandIn::kAwsAction, 3));
  EXPECT_EQ(get("/readyz")->status, 200u);
  EXPECT_NE(get("/metrics")->body.find(R"(headroom_spot_notices_total{kind="terminate",provider="aws"} 1)"), std::string::npos);
  EXPECT_NE(get("/metrics")->body.find("headroom_spot_notice_deadline_seconds 0\n"), std::string::npos);
}

TEST_F(SpotNotice, under_kubernetes_is_sigterm) {
  start("kubernetes");
  ASSERT_TRUE(wait_live()) << log();
  worker_->signal(SIGTERM);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
  EXPECT_NE(log().find("msg=\"left on a spot notice\" provider=kubernetes kind=sigterm"), std::string::npos) << log();
}

TEST_F(SpotNotice, in_a_pod_is_sigterm_too_when_the_provider_is_found_out) {
  start("auto", json::object(), {"env", "KUBERNETES_SERVICE_HOST=10.0.0.1"});
  ASSERT_TRUE(wait_live()) << log();
  worker_->signal(SIGTERM);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
  EXPECT_NE(log().find("provider=kubernetes kind=sigterm"), std::string::npos) << log();
}

TEST_F(SpotNotice, is_nobody_s_business_unless_asked_for) {
  cloud_.set(CloudStandIn::kAwsAction, {200, R"({"action":"stop"})"});
  start("off");
  ASSERT_TRUE(wait_live()) << log();
  EXPECT_EQ(cloud_.asked(CloudStandIn::kAwsAction), 0);
  EXPECT_FALSE(status().contains("spot"));
  worker_->signal(SIGTERM);
  EXPECT_EQ(worker_->wait(30'000), 0) << log();
  EXPECT_EQ(log().find("spot"), std::string::npos) << log();
}

}  // namespace
}  // namespace headroom::testing
