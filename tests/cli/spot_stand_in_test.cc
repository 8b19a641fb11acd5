#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "cli/child.h"
#include "run_binary.h"
#include "spot/spot_watcher.h"

namespace headroom::testing {
namespace {

class Heard : public SpotListener {
 public:
  void on_watch(SpotProvider, bool answers) override {
    const std::lock_guard lock(mutex_);
    up_ = answers;
    changed_.notify_all();
  }
  void on_notice(const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    notices_.push_back(notice);
    changed_.notify_all();
  }
  void on_due(const Notice&) override {}
  void on_withdrawn() override {
    const std::lock_guard lock(mutex_);
    withdrawn_ = true;
    changed_.notify_all();
  }

  bool wait_up() {
    return wait([this] { return up_; });
  }
  bool wait_withdrawn() {
    return wait([this] { return withdrawn_; });
  }
  // The kind of the first notice; "none" after 20 s.
  std::string kind() {
    if (!wait([this] { return !notices_.empty(); })) return "none";
    const std::lock_guard lock(mutex_);
    return std::string(notice_kind_name(notices_.front().kind));
  }

 private:
  template <class Holds>
  bool wait(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), holds);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Notice> notices_;
  bool up_ = false;
  bool withdrawn_ = false;
};

// ops/spot_stand_in.py of one provider.
class Script {
 public:
  explicit Script(const std::string& provider)
      : child_(Child::start({{"python3", HEADROOM_SOURCE_DIR "/ops/spot_stand_in.py", "--provider", provider}, folder_.file("out")})) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!address_.ends_with('\n') && std::chrono::steady_clock::now() < deadline) {
      address_ = read_text(folder_.file("out"));
      ::poll(nullptr, 0, 5);
    }
    if (!address_.empty()) address_.pop_back();
  }

  const std::string& address() const { return address_; }
  Ran control(const std::string& method, const std::string& body) const {
    return run_shell(
        "python3 -c \"import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method=sys.argv[2], "
        "data=sys.argv[3].encode()))\" " +
        quoted(address_ + "/control/notice") + " " + method + " " + quoted(body));
  }

 private:
  TestFolder folder_;
  Result<Child> child_;
  std::string address_;
};

TEST(SpotStandIn, speaks_as_each_cloud_does) {
  struct Case {
    SpotProvider provider;
    std::string wish;
    std::string kind;
  };
  for (const auto& [provider, wish, kind] :
       {Case{SpotProvider::kAws, "{}", "terminate"}, Case{SpotProvider::kAws, R"({"kind":"rebalance"})", "rebalance"},
        Case{SpotProvider::kGcp, "{}", "preempt"}, Case{SpotProvider::kGcp, R"({"kind":"maintenance"})", "maintenance"},
        Case{SpotProvider::kAzure, "{}", "preempt"}, Case{SpotProvider::kAzure, R"({"kind":"Reboot","seconds":60})", "reboot"}}) {
    const Script script{std::string(spot_provider_name(provider))};
    SpotConfig config;
    config.provider = provider;
    config.endpoint = script.address();
    config.poll_interval_ms = 20;
    config.on_rebalance = OnRebalance::kLeave;
    Heard heard;
    SpotWatcher watcher(config, heard);
    ASSERT_TRUE(watcher.start());
    ASSERT_TRUE(heard.wait_up()) << script.address();
    const Ran given = script.control("POST", wish);
    ASSERT_EQ(given.code, 0) << given.err;
    EXPECT_EQ(heard.kind(), kind);
    ASSERT_EQ(script.control("DELETE", "").code, 0);
    EXPECT_TRUE(heard.wait_withdrawn()) << kind;
  }
}

TEST(SpotStandIn, refuses_a_kind_that_its_cloud_has_not) {
  const Script script("gcp");
  EXPECT_NE(script.control("POST", R"({"kind":"hibernate"})").code, 0);
}

}  // namespace
}  // namespace headroom::testing
