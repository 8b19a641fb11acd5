#include "spot/azure_metadata.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <optional>

#include "base/concat.h"
#include "base/time_text.h"
#include "spot/metadata_json.h"

namespace headroom {
namespace {

constexpr const char* kName = "/metadata/instance/compute/name?api-version=2021-02-01&format=text";
constexpr const char* kEvents = "/metadata/scheduledevents?api-version=2020-07-01";
constexpr int64_t kFirstAnswerMs = 120'000;
constexpr size_t kMostName = 256;

MetadataRequest question(const char* target, int64_t timeout_ms) {
  return {.put = false, .target = target, .headers = {{"Metadata", "true"}}, .timeout_ms = timeout_ms};
}

Status refused(const char* target, unsigned status) {
  return {status >= 500 || status == 429 ? Code::kUnavailable : Code::kDenied,
          concat("the metadata service answers ", std::to_string(status), " to ", target)};
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool names(const JsonNode& event, std::string_view machine) {
  const JsonNode* resources = event.find("Resources");
  return resources != nullptr && std::any_of(resources->items.begin(), resources->items.end(), [&](const JsonNode& one) {
           return one.kind == JsonKind::kString && same_name(one.text, machine);
         });
}

std::optional<NoticeKind> kind_of(std::string_view type) {
  if (type == "Preempt") return NoticeKind::kPreempt;
  if (type == "Terminate") return NoticeKind::kTerminate;
  if (type == "Reboot") return NoticeKind::kReboot;
  if (type == "Redeploy") return NoticeKind::kRedeploy;
  return std::nullopt;
}

// "Mon, 19 Sep 2016 18:29:47 GMT" as Unix milliseconds; 0 when it is no such time.
int64_t parse_http_date(const std::string& text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int day = 0;
  int year = 0;
  char month[4] = {};
  char time[9] = {};
  int end = 0;
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %8s GMT%n", &day, month, &year, time, &end) != 4 || end == 0) return 0;
  const size_t at = kMonths.find(month);
  if (std::string_view(month).size() != 3 || at == std::string_view::npos || at % 3 != 0) return 0;
  char date[32];
  std::snprintf(date, sizeof date, "%04d-%02d-%02dT", year, static_cast<int>(at / 3) + 1, day);
  const auto parsed = parse_rfc3339(concat(date, time, "Z"));
  return parsed ? *parsed : 0;
}

}  // namespace

MetadataRequest AzureMetadata::identity(int64_t timeout_ms) {
  return question(kName, timeout_ms);
}

bool AzureMetadata::recognises(const MetadataAnswer& answer) {
  const bool plain = std::all_of(answer.body.begin(), answer.body.end(), [](unsigned char c) { return c > ' ' && c != '<'; });
  return answer.status == 200 && answer.flavor.empty() && plain && !answer.body.empty() && answer.body.size() <= kMostName;
}

Result<std::vector<Notice>> AzureMetadata::look(MetadataClient& client) {
  if (machine_.empty()) {
    const auto name = client.ask(identity(timeout_ms_));
    if (!name) return name.status();
    if (name->status != 200) return refused(kName, name->status);
    if (!recognises(*name)) return Status(Code::kCorrupt, "the metadata service gave something that is no machine's name");
    machine_ = name->body;
  }
  const auto events = client.ask(question(kEvents, answered_ ? timeout_ms_ : std::max(timeout_ms_, kFirstAnswerMs)));
  if (!events) return events.status();
  if (events->status != 200) return refused(kEvents, events->status);
  answered_ = true;
  return parse_scheduled_events(events->body, machine_);
}

Result<std::vector<Notice>> parse_scheduled_events(std::string_view body, std::string_view machine) {
  const auto json = read_metadata_json(body);
  if (!json) return json.status();
  const JsonNode* events = json->find("Events");
  if (events == nullptr || events->kind != JsonKind::kArray) return Status(Code::kCorrupt, "the answer has no list of events");
  std::vector<Notice> notices;
  for (const auto& event : events->items) {
    if (event.kind != JsonKind::kObject) return Status(Code::kCorrupt, "an event is no object");
    const auto kind = kind_of(text_member(event, "EventType"));
    const std::string status = text_member(event, "EventStatus");
    if (!kind || !names(event, machine) || (status != "Scheduled" && status != "Started")) continue;
    notices.push_back({SpotProvider::kAzure, *kind, status == "Started" ? 0 : parse_http_date(text_member(event, "NotBefore"))});
  }
  return notices;
}

}  // namespace headroom
