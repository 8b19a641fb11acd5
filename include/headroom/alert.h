#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headroom {

enum class AlertState : uint8_t { kFiring, kResolved };
enum class AlertSeverity : uint8_t { kInfo, kWarning, kCritical };

// What an alert's values count: time (written in seconds), records, or whether a verdict holds (1) or not (0).
enum class AlertUnit : uint8_t { kSeconds, kRecords, kVerdict };

// Why an incident ended: its values did; the last of what it was about was forgotten; or the detector was given another meaning.
enum class AlertEnd : uint8_t { kCleared, kDeleted, kUnseen, kGone, kChanged };

// Why the consumers may be slow, as far as a context of their group within the last 15 minutes tells.
enum class AlertCause : uint8_t { kNoContext, kNoneSeen, kOutOfCpu, kHotHost };

struct AlertAttribution {
  AlertCause cause = AlertCause::kNoContext;
  // Of the context; nothing is set without one.
  int64_t context_ms = 0;
  std::string target;
  std::string host;
  std::optional<int64_t> lying_factor_micro;    // cores
  std::optional<int64_t> cpu_used_ratio_micro;  // of what is reserved
  std::optional<int64_t> host_cpu_ratio_micro;
};

// What the alert's tick looked like: over all partitions of the label set, and of the worst of them. Rates are in thousandths of a record
// a second.
struct AlertEvidence {
  int64_t partitions = 0;
  int64_t known = 0;  // of these, those whose value was known
  int64_t lag_records = 0;
  int64_t produced_milli = 0;
  int64_t consumed_milli = 0;
  // The worst partition; `group` is empty when none is left.
  std::string cluster;
  std::string group;
  std::string topic;
  int32_t partition = 0;
  std::string verdict;
  std::string quality;
  std::optional<int64_t> lag_ms;  // as measured
  int64_t lag_error_ms = 0;
  int64_t commit_allowance_ms = 0;  // what was taken off before judging
};

// An incident begins or ends. Values and thresholds are in millionths of their unit; a value that is absent has no end ("never" caught up)
// or, of an incident whose partitions are forgotten, is not there any more.
struct AlertEvent {
  AlertState state = AlertState::kFiring;
  std::string detector;
  AlertSeverity severity = AlertSeverity::kWarning;
  std::string incident;  // 16 hex digits: the same when it fires and when it is resolved, and in every replay
  std::vector<std::pair<std::string, std::string>> labels;
  std::string metric;
  AlertUnit unit = AlertUnit::kSeconds;
  bool above = true;  // the side of the threshold that is bad
  int64_t threshold_micro = 0;
  std::optional<int64_t> value_micro;
  std::optional<int64_t> peak_micro;  // the worst so far
  int64_t time_ms = 0;                // the tick that decided
  int64_t since_ms = 0;               // the first tick beyond the threshold
  int64_t fired_ms = 0;               // the tick at which it fired
  int64_t for_ms = 0;                 // how long it had to last
  AlertEnd end = AlertEnd::kCleared;  // of kResolved
  bool muted = false;
  int64_t muted_until_ms = 0;
  std::string title;
  std::string message;
  AlertAttribution attribution;  // of kFiring
  AlertEvidence evidence;
};

}  // namespace headroom
