#include "spot/spot_watcher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "kit/cloud_stand_in.h"

namespace headroom {
namespace {

using kit::CloudStandIn;
using Cloud = CloudStandIn::Cloud;

constexpr const char* kTerminate = R"({"action":"terminate","time":"2126-09-18T08:22:00Z"})";

class Heard : public SpotListener {
 public:
  void on_watch(SpotProvider whose, bool up) override {
    add([&] {
      provider = whose;
      ups.push_back(up);
    });
  }
  void on_notice(const Notice& notice) override {
    add([&] { notices.push_back(notice); });
  }
  void on_due(const Notice& notice) override {
    add([&] { due.push_back(notice); });
  }
  void on_withdrawn() override {
    add([&] { ++withdrawn; });
  }

  // Until it holds; false after 20 s.
  bool wait(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), holds);
  }
  bool wait_up(bool up) {
    return wait([&] { return !ups.empty() && ups.back() == up; });
  }
  bool wait_due() {
    return wait([&] { return !due.empty(); });
  }

  SpotProvider provider = SpotProvider::kOff;
  std::vector<bool> ups;
  std::vector<Notice> notices;
  std::vector<Notice> due;
  int withdrawn = 0;

 private:
  void add(const std::function<void()>& change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
};

SpotConfig config(SpotProvider provider, const CloudStandIn& cloud) {
  SpotConfig made;
  made.provider = provider;
  made.endpoint = cloud.endpoint();
  made.poll_interval_ms = 10;
  made.leave_before_ms = INT64_MAX / 2;
  return made;
}

TEST(SpotWatcher, tells_of_an_interruption_on_aws_with_one_token) {
  CloudStandIn cloud(Cloud::kAws);
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAws, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(true));
  ASSERT_TRUE(cloud.wait_asked_again(CloudStandIn::kAwsRebalance, 3));
  EXPECT_EQ(cloud.tokens_given(), 1);
  cloud.set(CloudStandIn::kAwsAction, {200, kTerminate});
  ASSERT_TRUE(heard.wait_due());
  ASSERT_TRUE(cloud.wait_asked_again(CloudStandIn::kAwsAction, 3));
  watcher.stop();
  EXPECT_EQ(heard.provider, SpotProvider::kAws);
  EXPECT_EQ(heard.notices.size(), 1u);
  EXPECT_EQ(heard.due.size(), 1u);
  EXPECT_EQ(heard.due[0].kind, NoticeKind::kTerminate);
}

TEST(SpotWatcher, renews_a_token_that_has_expired) {
  CloudStandIn cloud(Cloud::kAws);
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAws, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(true));
  cloud.expire_tokens();
  cloud.set(CloudStandIn::kAwsAction, {200, kTerminate});
  ASSERT_TRUE(heard.wait_due());
  watcher.stop();
  EXPECT_EQ(cloud.tokens_given(), 2);
  EXPECT_EQ(heard.ups, std::vector{true}) << "an expired token is no failure";
}

TEST(SpotWatcher, asks_for_one_new_token_a_look_where_all_are_refused) {
  CloudStandIn cloud(Cloud::kAws);
  cloud.set(CloudStandIn::kAwsAction, {401, ""});
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAws, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(false));
  watcher.stop();
  EXPECT_LE(cloud.tokens_given(), cloud.asked(CloudStandIn::kAwsAction));
  EXPECT_TRUE(heard.notices.empty());
}

TEST(SpotWatcher, tells_of_a_rebalance_recommendation_and_stays_unless_told_to_leave) {
  CloudStandIn cloud(Cloud::kAws);
  cloud.set(CloudStandIn::kAwsRebalance, {200, R"({"noticeTime":"2126-09-18T08:22:00Z"})"});
  Heard staying;
  SpotWatcher watcher(config(SpotProvider::kAws, cloud), staying);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(staying.wait([&] { return !staying.notices.empty(); }));
  ASSERT_TRUE(cloud.wait_asked_again(CloudStandIn::kAwsRebalance, 2));
  watcher.stop();
  EXPECT_TRUE(staying.due.empty());

  SpotConfig leave = config(SpotProvider::kAws, cloud);
  leave.on_rebalance = OnRebalance::kLeave;
  Heard leaving;
  SpotWatcher other(leave, leaving);
  ASSERT_TRUE(other.start());
  EXPECT_TRUE(leaving.wait_due());
}

TEST(SpotWatcher, tells_when_the_service_fails_and_when_it_answers_again) {
  CloudStandIn cloud(Cloud::kGcp);
  cloud.set(CloudStandIn::kGcpPreempted, {503, ""});
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kGcp, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(false));
  cloud.set(CloudStandIn::kGcpPreempted, {200, "FALSE"});
  ASSERT_TRUE(heard.wait_up(true));
  cloud.set(CloudStandIn::kGcpPreempted, {200, "perhaps"});
  ASSERT_TRUE(heard.wait_up(false));
  cloud.set(CloudStandIn::kGcpPreempted, {200, "TRUE"});
  ASSERT_TRUE(heard.wait_due());
  watcher.stop();
  EXPECT_EQ(heard.ups, (std::vector{false, true, false, true})) << "told when it changes, not with every look";
}

TEST(SpotWatcher, hears_of_a_preemption_whatever_the_other_page_does) {
  CloudStandIn cloud(Cloud::kGcp);
  cloud.set(CloudStandIn::kGcpPreempted, {200, "TRUE"});
  cloud.set(CloudStandIn::kGcpMaintenance, {500, ""});
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kGcp, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_due());
  EXPECT_EQ(heard.due[0].kind, NoticeKind::kPreempt);
}

TEST(SpotWatcher, does_not_believe_a_server_that_is_not_google) {
  kit::MetadataStandIn portal([](const kit::StandInRequest&) { return kit::StandInAnswer{200, "TRUE"}; });
  SpotConfig made;
  made.provider = SpotProvider::kGcp;
  made.endpoint = portal.endpoint();
  Heard heard;
  SpotWatcher watcher(made, heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(false));
  watcher.stop();
  EXPECT_TRUE(heard.notices.empty());
}

TEST(SpotWatcher, heeds_azure_events_that_name_this_machine) {
  CloudStandIn cloud(Cloud::kAzure);
  const auto preempt = [](const std::string& machine) {
    return kit::StandInAnswer{
        200, R"({"DocumentIncarnation":3,"Events":[{"EventId":"1","EventType":"Preempt","EventStatus":"Scheduled","Resources":[")" +
                 machine + R"("],"NotBefore":""}]})"};
  };
  cloud.set(CloudStandIn::kAzureEvents, preempt("vm-8"));
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAzure, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(heard.wait_up(true));
  ASSERT_TRUE(cloud.wait_asked_again(CloudStandIn::kAzureEvents, 2));
  EXPECT_TRUE(heard.wait([&] { return heard.notices.empty(); }));
  cloud.set(CloudStandIn::kAzureEvents, preempt("vm-7"));
  ASSERT_TRUE(heard.wait_due());
  cloud.set(CloudStandIn::kAzureEvents, {200, R"({"DocumentIncarnation":4,"Events":[]})"});
  EXPECT_TRUE(heard.wait([&] { return heard.withdrawn > 0; }));
  watcher.stop();
  EXPECT_EQ(heard.notices.size(), 1u);
  EXPECT_EQ(cloud.asked(CloudStandIn::kAzureName), 1);
}

TEST(SpotWatcher, stops_at_once_while_a_first_answer_takes_minutes) {
  CloudStandIn cloud(Cloud::kAzure);
  cloud.set(CloudStandIn::kAzureEvents, {200, "", {}, true});
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAzure, cloud), heard);
  ASSERT_TRUE(watcher.start());
  ASSERT_TRUE(cloud.wait_asked(CloudStandIn::kAzureEvents, 1));
  const auto began = std::chrono::steady_clock::now();
  watcher.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  EXPECT_TRUE(heard.ups.empty()) << "neither an answer nor a failure";
}

TEST(SpotWatcher, finds_out_whose_machine_it_is) {
  for (const auto& [cloud, provider] : {std::pair(Cloud::kAws, SpotProvider::kAws), std::pair(Cloud::kGcp, SpotProvider::kGcp),
                                        std::pair(Cloud::kAzure, SpotProvider::kAzure)}) {
    CloudStandIn service(cloud);
    Heard heard;
    SpotWatcher watcher(config(SpotProvider::kAuto, service), heard);
    const auto began = std::chrono::steady_clock::now();
    ASSERT_TRUE(watcher.start());
    ASSERT_TRUE(heard.wait_up(true));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
    watcher.stop();
    EXPECT_EQ(heard.provider, provider);
  }
}

TEST(SpotWatcher, goes_on_asking_where_no_cloud_answers) {
  CloudStandIn cloud(Cloud::kGcp);
  cloud.withdraw(CloudStandIn::kGcpId);
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAuto, cloud), heard);
  ASSERT_TRUE(watcher.start());
  watcher.wait_first_look(20'000);
  EXPECT_EQ(cloud.asked(CloudStandIn::kGcpId), 1);
  EXPECT_TRUE(heard.wait([&] { return heard.ups.empty(); }));
  cloud.set(CloudStandIn::kGcpId, {200, "4243"});
  EXPECT_TRUE(heard.wait_up(true));
  EXPECT_EQ(heard.provider, SpotProvider::kGcp);
}

TEST(SpotWatcher, waits_for_its_first_look_but_not_longer_than_told) {
  CloudStandIn cloud(Cloud::kAws);
  cloud.set(CloudStandIn::kAwsAction, {200, kTerminate});
  Heard heard;
  SpotWatcher watcher(config(SpotProvider::kAws, cloud), heard);
  ASSERT_TRUE(watcher.start());
  watcher.wait_first_look(20'000);
  EXPECT_EQ(heard.due.size(), 1u) << "a notice that stands is known after the first look";

  CloudStandIn silent(Cloud::kAzure);
  silent.set(CloudStandIn::kAzureName, {200, "", {}, true});
  SpotConfig slow = config(SpotProvider::kAzure, silent);
  slow.request_timeout_ms = 60'000;
  Heard nothing;
  SpotWatcher waiting(slow, nothing);
  ASSERT_TRUE(waiting.start());
  const auto began = std::chrono::steady_clock::now();
  waiting.wait_first_look(50);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace headroom
