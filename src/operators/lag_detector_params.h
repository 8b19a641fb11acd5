#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/alert.h"
#include "operators/lag_standing.h"

namespace headroom {

class SettingVisitor;

// What a detector looks at, of each partition at each tick.
enum class LagMetric : uint8_t {
  kLagSeconds,
  kLagRecords,
  kOldestUnreadSeconds,
  kTimeToLossSeconds,
  kTimeToCatchUpSeconds,
  kOpenTransactionSeconds,
  kLostRecords,
  kVerdict,  // 1 where it is one of those listed, else 0
};

// How the values of all partitions with the same labels become one at a tick.
enum class LagAggregation : uint8_t { kMax, kMin, kMean, kSum };
// How the results of ticks become one over the moving window; kLatest: the tick's own counts.
enum class LagOver : uint8_t { kLatest, kMax, kMin, kMean };
enum class CommitAllowance : uint8_t { kAuto, kOff };

// Partitions whose label fits one of the patterns (policy/name_pattern.h). A label is `cluster`, `group`, `topic`, `partition` or one of
// the group's; one that the group has not is "none".
struct LagLabelFilter {
  std::string label;
  std::vector<std::string> matches;
};

// When alerts are marked as muted: once between two RFC 3339 times, or every day (or on some) between two times of the day, UTC. `until`
// is the first moment that is not muted; one at or before `from` is of the next day.
struct LagMute {
  std::string from;
  std::string until;
  std::vector<std::string> days;  // mon ... sun, by the day of `from`; empty: every day
  std::vector<LagLabelFilter> when;
};

struct LagDetectorParams {
  std::string name;
  LagMetric metric = LagMetric::kLagSeconds;
  std::vector<std::string> verdicts;  // of kVerdict
  std::vector<std::string> by = {"env", "view", "cluster", "group"};
  std::vector<LagLabelFilter> when;  // all of them must hold
  LagAggregation aggregation = LagAggregation::kMax;
  LagOver over = LagOver::kLatest;
  int64_t window_ms = 300'000;
  bool above = true;                   // the bad side of the threshold
  int64_t threshold_micro = 0;         // in seconds or records
  std::optional<int64_t> clear_micro;  // none: the threshold
  int64_t for_ms = 0;
  int64_t clear_for_ms = 0;
  AlertSeverity severity = AlertSeverity::kWarning;
  std::string title;  // templates; empty: what Headroom says itself
  std::string text;
  std::string resolved_text;
  CommitAllowance commit_allowance = CommitAllowance::kAuto;
  std::vector<LagMute> mutes;
};

void declare(SettingVisitor& visitor, LagLabelFilter& filter);
void declare(SettingVisitor& visitor, LagMute& mute);
void declare(SettingVisitor& visitor, LagDetectorParams& params);

// The detectors that are at work where the configuration names none.
std::vector<LagDetectorParams> default_lag_detectors();

// What keeps detectors from working together, in one sentence; empty when nothing does. `key` is the template of the key under which the
// source writes ("{env}/{view}"): what a detector puts together must lie in one lane, so its `by` must determine every label of the key.
// `cluster` and `group` together determine all of them. The sentence names the detector, what it lacks, and the key that would do.
std::string lag_detectors_fault(std::string_view key, const std::vector<LagDetectorParams>& detectors);

// "lag_seconds", "lag_records", ...
std::string_view lag_metric_name(LagMetric metric);
AlertUnit lag_metric_unit(LagMetric metric);

}  // namespace headroom
