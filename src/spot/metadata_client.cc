#include "spot/metadata_client.h"

#include "base/concat.h"

namespace headroom {
namespace {

HttpRequest to_http(const MetadataRequest& request) {
  return {.verb = request.put ? HttpVerb::kPut : HttpVerb::kGet,
          .target = request.target,
          .headers = request.headers,
          .timeout_ms = request.timeout_ms};
}

Result<MetadataAnswer> from_http(Result<HttpAnswer> answer) {
  if (!answer) return answer.status();
  std::string flavor(answer->header("Metadata-Flavor"));
  return MetadataAnswer{answer->status, std::move(answer->body), std::move(flavor)};
}

}  // namespace

MetadataClient::MetadataClient(std::string endpoint) : endpoint_(std::move(endpoint)) {
  const auto url = parse_http_url(endpoint_);
  if (!url || url->tls || !url->numeric() || !url->path.empty()) return;
  client_ = std::make_unique<HttpClient>(HttpClientOptions{*url, "the metadata service", kMostBody, {}});
}

Result<MetadataAnswer> MetadataClient::ask(const MetadataRequest& request) {
  return std::move(ask_all({&request, 1}).front());
}

std::vector<Result<MetadataAnswer>> MetadataClient::ask_all(std::span<const MetadataRequest> requests) {
  if (!client_) return {requests.size(), Status(Code::kInvalid, concat("not http://ADDRESS:PORT: ", endpoint_))};
  std::vector<HttpRequest> asked;
  for (const auto& request : requests) asked.push_back(to_http(request));
  std::vector<Result<MetadataAnswer>> answers;
  for (auto& answer : client_->ask_all(asked)) answers.push_back(from_http(std::move(answer)));
  return answers;
}

void MetadataClient::cancel() {
  if (client_) client_->cancel();
}

}  // namespace headroom
