#include "spot/aws_metadata.h"

#include <algorithm>

#include "base/concat.h"
#include "base/time_text.h"
#include "spot/metadata_json.h"

namespace headroom {
namespace {

constexpr const char* kToken = "/latest/api/token";
constexpr const char* kInstanceAction = "/latest/meta-data/spot/instance-action";
constexpr const char* kRebalance = "/latest/meta-data/events/recommendations/rebalance";
constexpr const char* kTokenSeconds = "21600";
constexpr size_t kMostToken = 4096;

int64_t time_or_now(const std::string& text) {
  const auto time = parse_rfc3339(text);
  return time ? *time : 0;
}

Status refused(const char* target, unsigned status) {
  const Code code = status >= 500 ? Code::kUnavailable : Code::kDenied;
  return {code, concat("the metadata service answers ", std::to_string(status), " to ", target)};
}

}  // namespace

MetadataRequest AwsMetadata::identity(int64_t timeout_ms) {
  return {.put = true, .target = kToken, .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", kTokenSeconds}}, .timeout_ms = timeout_ms};
}

bool AwsMetadata::recognises(const MetadataAnswer& answer) {
  const bool plain = std::all_of(answer.body.begin(), answer.body.end(), [](char c) { return c > ' ' && c < 127; });
  return answer.status == 200 && answer.flavor.empty() && plain && !answer.body.empty() && answer.body.size() <= kMostToken;
}

Status AwsMetadata::renew_token(MetadataClient& client) {
  auto answer = client.ask(identity(timeout_ms_));
  if (!answer) return answer.status();
  if (answer->status != 200) return refused(kToken, answer->status);
  if (!recognises(*answer)) return {Code::kCorrupt, "the metadata service gave something that is no token"};
  token_ = std::move(answer->body);
  return Status::ok();
}

Result<MetadataAnswer> AwsMetadata::get(MetadataClient& client, const char* target) {
  for (const bool renewed : {false, true}) {
    if (token_.empty())
      if (Status status = renew_token(client); !status) return status;
    auto answer =
        client.ask({.put = false, .target = target, .headers = {{"X-aws-ec2-metadata-token", token_}}, .timeout_ms = timeout_ms_});
    if (!answer || answer->status != 401 || renewed) return answer;
    token_.clear();
  }
  return Status(Code::kInternal, "not reached");
}

Result<std::vector<Notice>> AwsMetadata::look(MetadataClient& client) {
  std::vector<Notice> notices;
  for (const char* target : {kInstanceAction, kRebalance}) {
    const auto answer = get(client, target);
    if (!answer) return answer.status();
    if (answer->status == 404) continue;
    if (answer->status != 200) return refused(target, answer->status);
    const auto notice = target == kInstanceAction ? parse_instance_action(answer->body) : parse_rebalance_recommendation(answer->body);
    if (!notice) return notice.status();
    notices.push_back(*notice);
    // What is certain is not lost to a failure of what is only a hint.
    if (target == kInstanceAction) break;
  }
  return notices;
}

Result<Notice> parse_instance_action(std::string_view body) {
  const auto json = read_metadata_json(body);
  if (!json) return json.status();
  const std::string action = text_member(*json, "action");
  Notice notice{SpotProvider::kAws, NoticeKind::kTerminate, time_or_now(text_member(*json, "time"))};
  if (action == "stop") notice.kind = NoticeKind::kStop;
  if (action == "hibernate") notice.kind = NoticeKind::kHibernate;
  return notice;
}

Result<Notice> parse_rebalance_recommendation(std::string_view body) {
  const auto json = read_metadata_json(body);
  if (!json) return json.status();
  return Notice{SpotProvider::kAws, NoticeKind::kRebalance, time_or_now(text_member(*json, "noticeTime"))};
}

}  // namespace headroom
