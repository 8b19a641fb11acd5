#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "kit/metadata_stand_in.h"

namespace headroom::kit {

// A cloud's metadata service as it answers on one of its machines, with pages that a test sets while it runs. Any thread.
class CloudStandIn {
 public:
  enum class Cloud { kAws, kGcp, kAzure };

  explicit CloudStandIn(Cloud cloud) : cloud_(cloud), server_([this](const StandInRequest& request) { return reply(request); }) {
    if (cloud == Cloud::kGcp) pages_ = {{kGcpId, {200, "4243"}}, {kGcpPreempted, {200, "FALSE"}}, {kGcpMaintenance, {200, "NONE"}}};
    if (cloud == Cloud::kAzure) pages_ = {{kAzureName, {200, "vm-7"}}, {kAzureEvents, {200, R"({"DocumentIncarnation":1,"Events":[]})"}}};
  }

  static constexpr const char* kAwsAction = "/latest/meta-data/spot/instance-action";
  static constexpr const char* kAwsRebalance = "/latest/meta-data/events/recommendations/rebalance";
  static constexpr const char* kGcpId = "/computeMetadata/v1/instance/id";
  static constexpr const char* kGcpPreempted = "/computeMetadata/v1/instance/preempted";
  static constexpr const char* kGcpMaintenance = "/computeMetadata/v1/instance/maintenance-event";
  static constexpr const char* kAzureName = "/metadata/instance/compute/name?api-version=2021-02-01&format=text";
  static constexpr const char* kAzureEvents = "/metadata/scheduledevents?api-version=2020-07-01";

  std::string endpoint() const { return server_.endpoint(); }

  void set(const std::string& target, StandInAnswer answer) {
    const std::lock_guard lock(mutex_);
    pages_[target] = std::move(answer);
  }
  void withdraw(const std::string& target) {
    const std::lock_guard lock(mutex_);
    pages_.erase(target);
  }
  // Tokens given so far are refused from now on.
  void expire_tokens() {
    const std::lock_guard lock(mutex_);
    ++token_;
  }
  int tokens_given() const {
    const std::lock_guard lock(mutex_);
    return tokens_given_;
  }
  int asked(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.find(target);
    return found == asked_.end() ? 0 : found->second;
  }
  // Until the page was asked for so many times in all; false after 20 s.
  bool wait_asked(const std::string& target, int times) {
    std::unique_lock lock(mutex_);
    return was_asked_.wait_for(lock, std::chrono::seconds(20), [&] { return asked_[target] >= times; });
  }
  // The same, counted from now.
  bool wait_asked_again(const std::string& target, int times) { return wait_asked(target, asked(target) + times); }

 private:
  StandInAnswer reply(const StandInRequest& request) {
    const std::lock_guard lock(mutex_);
    ++asked_[request.target];
    was_asked_.notify_all();
    if (cloud_ == Cloud::kAws) return reply_as_aws(request);
    const auto mark = request.headers.find(cloud_ == Cloud::kGcp ? "metadata-flavor" : "metadata");
    const bool marked = mark != request.headers.end() && mark->second == (cloud_ == Cloud::kGcp ? "Google" : "true");
    StandInAnswer answer =
        request.method == "GET" && marked ? page(request.target) : StandInAnswer{cloud_ == Cloud::kGcp ? 403u : 400u, ""};
    if (cloud_ == Cloud::kGcp) answer.headers.emplace("Metadata-Flavor", "Google");
    return answer;
  }

  StandInAnswer reply_as_aws(const StandInRequest& request) {
    if (request.target == "/latest/api/token") {
      if (request.method != "PUT" || !request.headers.contains("x-aws-ec2-metadata-token-ttl-seconds")) return {400, ""};
      ++tokens_given_;
      return {200, "token-" + std::to_string(token_)};
    }
    const auto token = request.headers.find("x-aws-ec2-metadata-token");
    if (token == request.headers.end() || token->second != "token-" + std::to_string(token_)) return {401, ""};
    return page(request.target);
  }

  StandInAnswer page(const std::string& target) const {
    const auto found = pages_.find(target);
    return found == pages_.end() ? StandInAnswer{404, "not found"} : found->second;
  }

  const Cloud cloud_;
  mutable std::mutex mutex_;
  std::condition_variable was_asked_;
  std::map<std::string, StandInAnswer> pages_;
  std::map<std::string, int> asked_;
  int token_ = 1;
  int tokens_given_ = 0;
  MetadataStandIn server_;  // ends first: it asks this
};

}  // namespace headroom::kit
