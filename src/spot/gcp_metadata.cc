#include "spot/gcp_metadata.h"

#include <array>
#include <string>

#include "base/concat.h"

namespace headroom {
namespace {

constexpr std::string_view kFlavor = "Google";

MetadataRequest question(const char* key, int64_t timeout_ms) {
  return {.put = false,
          .target = concat("/computeMetadata/v1/instance/", key),
          .headers = {{"Metadata-Flavor", std::string(kFlavor)}},
          .timeout_ms = timeout_ms};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Status check(const MetadataAnswer& answer, const std::string& target) {
  if (answer.status != 200)
    return {answer.status >= 500 ? Code::kUnavailable : Code::kDenied,
            concat("the metadata service answers ", std::to_string(answer.status), " to ", target)};
  if (answer.flavor != kFlavor) return {Code::kCorrupt, concat("what answers to ", target, " is not Google's metadata server")};
  return Status::ok();
}

}  // namespace

MetadataRequest GcpMetadata::identity(int64_t timeout_ms) {
  return question("id", timeout_ms);
}

bool GcpMetadata::recognises(const MetadataAnswer& answer) {
  return answer.status == 200 && answer.flavor == kFlavor;
}

Result<std::vector<Notice>> GcpMetadata::look(MetadataClient& client) {
  const std::array<MetadataRequest, 2> requests = {question("preempted", timeout_ms_), question("maintenance-event", timeout_ms_)};
  const auto answers = client.ask_all(requests);
  if (!answers[0]) return answers[0].status();
  if (Status status = check(*answers[0], requests[0].target); !status) return status;
  const auto preempted = parse_preempted(answers[0]->body);
  if (!preempted) return preempted.status();
  if (*preempted) return std::vector<Notice>{**preempted};
  if (!answers[1]) return answers[1].status();
  if (Status status = check(*answers[1], requests[1].target); !status) return status;
  if (const auto maintenance = parse_maintenance_event(answers[1]->body)) return std::vector<Notice>{*maintenance};
  return std::vector<Notice>{};
}

Result<std::optional<Notice>> parse_preempted(std::string_view body) {
  const std::string_view word = trimmed(body);
  if (word == "FALSE") return std::optional<Notice>();
  if (word == "TRUE") return std::optional<Notice>({SpotProvider::kGcp, NoticeKind::kPreempt, 0});
  return Status(Code::kCorrupt, "instance/preempted is neither TRUE nor FALSE");
}

std::optional<Notice> parse_maintenance_event(std::string_view body) {
  if (trimmed(body) != "TERMINATE_ON_HOST_MAINTENANCE") return std::nullopt;
  return Notice{SpotProvider::kGcp, NoticeKind::kMaintenance, 0};
}

}  // namespace headroom
