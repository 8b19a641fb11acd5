#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/concat.h"
#include "operators/lag_detector_params.h"
#include "policy/lag_key.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kMicro = 1'000'000;

using Labels = std::vector<std::string>;

bool has(const Labels& labels, std::string_view label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// A group determines its labels, and is one by its cluster and name.
bool determines(const LagDetectorParams& detector, std::string_view label) {
  return has(detector.by, label) || (has(detector.by, "cluster") && has(detector.by, "group"));
}

std::string listed(const Labels& labels) {
  std::string text;
  for (const auto& label : labels) text += concat(text.empty() ? "" : " and ", label);
  return text;
}

std::string too_wide(std::string_view key, const LagDetectorParams& detector, const std::vector<LagDetectorParams>& all) {
  Labels lacking;
  std::string would_do;
  for (const std::string_view label : key_names(key)) {
    if (!determines(detector, label)) lacking.emplace_back(label);
    const bool kept = std::all_of(all.begin(), all.end(), [&](const LagDetectorParams& one) { return determines(one, label); });
    if (kept) would_do += concat(would_do.empty() ? "{" : "/{", label, "}");
  }
  if (lacking.empty()) return {};
  const std::string way_out =
      would_do.empty() ? std::string("a key without labels (all groups in one lane)") : concat("the key ", would_do);
  return concat("detector ", detector.name, " puts together what the key ", key, " keeps apart: its by lacks ", listed(lacking), "; ",
                way_out, " would do, at the source too");
}

LagDetectorParams by_verdict(std::string name, std::vector<std::string> verdicts, int64_t for_ms, AlertSeverity severity) {
  LagDetectorParams detector;
  detector.name = std::move(name);
  detector.metric = LagMetric::kVerdict;
  detector.verdicts = std::move(verdicts);
  detector.for_ms = for_ms;
  // Verdicts that come and go within two minutes are one incident.
  detector.clear_for_ms = 2 * kMinuteMs;
  detector.severity = severity;
  return detector;
}

}  // namespace

std::string lag_detectors_fault(std::string_view key, const std::vector<LagDetectorParams>& detectors) {
  for (size_t i = 0; i < detectors.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (detectors[k].name == detectors[i].name) return concat("detectors must have different names; ", detectors[i].name, " comes twice");
  for (const auto& detector : detectors)
    if (auto fault = too_wide(key, detector, detectors); !fault.empty()) return fault;
  return {};
}

std::vector<LagDetectorParams> default_lag_detectors() {
  LagDetectorParams lag;
  lag.name = "lag_seconds_high";
  lag.by = {"env", "view", "partition"};
  lag.over = LagOver::kMax;
  lag.window_ms = 5 * kMinuteMs;
  lag.threshold_micro = 1200 * kMicro;
  lag.for_ms = 10 * kMinuteMs;
  lag.severity = AlertSeverity::kCritical;
  LagDetectorParams transaction;
  transaction.name = "open_transaction";
  transaction.metric = LagMetric::kOpenTransactionSeconds;
  transaction.by = {"env", "view", "cluster", "topic", "partition"};
  transaction.threshold_micro = 900 * kMicro;
  return {std::move(lag),
          by_verdict("losing_data", {"losing_data"}, 0, AlertSeverity::kCritical),
          by_verdict("near_retention", {"near_retention"}, kMinuteMs, AlertSeverity::kCritical),
          by_verdict("stopped", {"stopped"}, kMinuteMs, AlertSeverity::kCritical),
          by_verdict("stalled", {"stalled"}, kMinuteMs, AlertSeverity::kCritical),
          by_verdict("abandoned", {"abandoned"}, 5 * kMinuteMs, AlertSeverity::kWarning),
          by_verdict("falling_behind", {"falling_behind"}, 15 * kMinuteMs, AlertSeverity::kWarning),
          std::move(transaction)};
}

}  // namespace headroom
