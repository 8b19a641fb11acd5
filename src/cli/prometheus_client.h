#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/backoff.h"
#include "cli/collect_window.h"
#include "cli/prometheus_answer.h"
#include "cli/stop_signals.h"
#include "config/settings_reader.h"
#include "headroom/status.h"
#include "net/http_client.h"

namespace headroom {

// How a server is told who asks. The secret is read anew for every request, so that one that is renewed in its file is taken.
struct PrometheusCredentials {
  std::string user;                 // with a password: basic authentication; empty: the secret is a bearer token
  std::optional<Reference> secret;  // none: nobody is named
};

struct PrometheusOptions {
  HttpUrl url;
  std::string ca_file;
  PrometheusCredentials credentials;
  int64_t timeout_ms = 60'000;     // of a question
  int64_t retry_for_ms = 300'000;  // how long one question is asked again
};

// Prometheus' range queries over its HTTP API. One thread.
class PrometheusClient {
 public:
  static constexpr int64_t kMostPoints = 11'000;         // of a series, in an answer: Prometheus' own limit
  static constexpr size_t kMostBodyBytes = 32ULL << 20;  // of an answer, so that its tree fits into memory

  // A wish to end aborts what is under way.
  PrometheusClient(const PrometheusOptions& options, StopSignals& stop);
  ~PrometheusClient();
  PrometheusClient(const PrometheusClient&) = delete;
  PrometheusClient& operator=(const PrometheusClient&) = delete;

  // Once, for `timeout_ms` at most. kInvalid: the expression is wrong, or the URL. kDenied. kNotFound: no such API there. kExhausted: fewer
  // points at once may do. kUnavailable, kTimeout: asking again may do. kCorrupt: this is no Prometheus. kAborted: asked to end.
  Result<PrometheusAnswer> ask(const std::string& expression, const CollectWindow& window, int64_t timeout_ms);
  // The same with the time of the options, again and again with longer and longer pauses while that may do.
  Result<PrometheusAnswer> ask_patiently(const std::string& expression, const CollectWindow& window);

 private:
  Result<HttpRequest> question(const std::string& expression, const CollectWindow& window) const;
  Status refusal(const HttpAnswer& answer) const;

  const PrometheusOptions options_;
  StopSignals& stop_;
  HttpClient http_;
  Backoff backoff_;
};

// What a form's field looks like on the wire.
std::string percent_encoded(std::string_view text);

}  // namespace headroom
