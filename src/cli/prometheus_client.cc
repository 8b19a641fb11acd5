#include "cli/prometheus_client.h"

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/concat.h"
#include "base/log.h"
#include "base/time_text.h"
#include "cli/config_file.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr int64_t kFirstPauseMs = 250;
constexpr int64_t kMostPauseMs = 10'000;
constexpr size_t kMostShown = 300;

int64_t steady_now_ms() {
  return SystemClock().steady_us() / 1000;
}

// Milliseconds as the seconds that Prometheus reads: "1732262400.250".
std::string seconds(int64_t time_ms) {
  std::string rest = std::to_string(time_ms % 1000);
  rest.insert(0, 3 - rest.size(), '0');
  return concat(std::to_string(time_ms / 1000), ".", rest);
}

std::string form(const std::string& expression, const CollectWindow& window) {
  return concat("query=", percent_encoded(expression), "&start=", seconds(window.from_ms), "&end=", seconds(window.to_ms),
                "&step=", seconds(window.step_ms));
}

bool is_plain(std::string_view secret) {
  return std::none_of(secret.begin(), secret.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

Result<std::string> authorization(const PrometheusCredentials& credentials) {
  const auto secret = resolve_reference(*credentials.secret);
  if (!secret) return secret;
  if (secret->empty() || !is_plain(*secret))
    return Status(Code::kInvalid, concat(credentials.secret->kind == Reference::Kind::kFile ? "the file " : "the environment variable ",
                                         credentials.secret->name, " holds no secret of one line"));
  return credentials.user.empty() ? concat("Bearer ", *secret) : concat("Basic ", base64(concat(credentials.user, ":", *secret)));
}

bool may_pass(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kTimeout;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

PrometheusClient::PrometheusClient(const PrometheusOptions& options, StopSignals& stop)
    : options_(options),
      stop_(stop),
      http_({options.url, concat("Prometheus at ", options.url.shown()), kMostBodyBytes, options.ca_file}),
      backoff_(kFirstPauseMs, kMostPauseMs, static_cast<uint64_t>(SystemClock().steady_us())) {
  stop_.on_wish([this] { http_.cancel(); });
}

PrometheusClient::~PrometheusClient() {
  stop_.forget_wish();
}

Result<HttpRequest> PrometheusClient::question(const std::string& expression, const CollectWindow& window) const {
  HttpRequest request{.verb = HttpVerb::kPost,
                      .target = "/api/v1/query_range",
                      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
                      .body = form(expression, window)};
  if (options_.credentials.secret) {
    const auto named = authorization(options_.credentials);
    if (!named) return named.status();
    request.headers.emplace_back("Authorization", *named);
  }
  return request;
}

// A sentence for a status that is no success, and whether asking again may do.
Status PrometheusClient::refusal(const HttpAnswer& answer) const {
  const std::string said = read_prometheus_error(answer.body);
  const std::string place = concat("Prometheus at ", options_.url.shown());
  const std::string end = concat(" (HTTP ", std::to_string(answer.status), said.empty() ? "" : ": ", said.substr(0, kMostShown), ")");
  const unsigned status = answer.status;
  if (status == 401 || status == 403) return {Code::kDenied, concat(place, " does not let us ask", end)};
  if (status == 404) return {Code::kNotFound, concat(place, " has no /api/v1/query_range; does --url lack a path?", end)};
  if (status >= 300 && status < 400)
    return {Code::kInvalid, concat(place, " sends us to ", answer.header("Location"), end, "; give --url as it is there")};
  if (status == 408 || status == 429 || status >= 500) return {Code::kUnavailable, concat(place, " cannot answer now", end)};
  // The limit on what a query may load; a shorter one loads less.
  if (said.find("too many samples") != std::string::npos || said.find("maximum resolution") != std::string::npos)
    return {Code::kExhausted, concat(place, " has a limit", end)};
  return {Code::kInvalid, concat(place, " refuses the query", end)};
}

Result<PrometheusAnswer> PrometheusClient::ask(const std::string& expression, const CollectWindow& window, int64_t timeout_ms) {
  auto request = question(expression, window);
  if (!request) return request.status();
  request->timeout_ms = timeout_ms;
  const auto answer = http_.ask(*request);
  if (!answer) return answer.status();
  if (answer->status != 200) return refusal(*answer);
  auto read = read_prometheus_answer(answer->body);
  return read ? read : Result<PrometheusAnswer>(Status(read.status().code(), concat(options_.url.shown(), ": ", read.status().message())));
}

Result<PrometheusAnswer> PrometheusClient::ask_patiently(const std::string& expression, const CollectWindow& window) {
  const int64_t began_ms = steady_now_ms();
  for (;;) {
    auto answer = ask(expression, window, options_.timeout_ms);
    if (answer) backoff_.reset();
    if (answer || !may_pass(answer.status())) return answer;
    const int64_t left_ms = began_ms + options_.retry_for_ms - steady_now_ms();
    if (left_ms <= 0)
      return Status(answer.status().code(),
                    concat(answer.status().message(), "; tried again for ", format_duration(options_.retry_for_ms)));
    const int64_t pause_ms = std::min(backoff_.next_ms(), left_ms);
    log_warn("Prometheus does not answer; it is asked again", {{"why", answer.status().message()}, {"pause_ms", pause_ms}});
    if (!stop_.wait_for(pause_ms)) return Status(Code::kAborted, "asked to end");
  }
}

}  // namespace headroom
