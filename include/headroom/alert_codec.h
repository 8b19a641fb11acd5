#pragma once
// The wire format of `headroom.alerts`: alerts to bytes, and back for people.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/alert.h"
#include "headroom/encoder.h"
#include "headroom/status.h"

namespace headroom {

inline constexpr std::string_view kAlertType = "io.headroom.alert.v1";

// "firing", "resolved".
std::string_view alert_state_name(AlertState state);
// "info", "warning", "critical".
std::string_view alert_severity_name(AlertSeverity severity);
// "cleared", "deleted", "unseen", "gone", "changed".
std::string_view alert_end_name(AlertEnd end);
// "no_context", "none_seen", "out_of_cpu", "hot_host".
std::string_view alert_cause_name(AlertCause cause);

// What an alert is about: its detector and the values of its labels, with '/' between. Both alerts of an incident have the same one.
std::string alert_subject(const AlertEvent& alert);

// An alert as a CloudEvent in structured mode: compact JSON whose members stand in a fixed order, the same bytes for the same alert and
// envelope on every machine. The key is the subject, so that the alerts of one label set stay in order; the headers `type` and `subject`
// let consumers filter without parsing. `id` is the XXH3 of source, lane, incarnation, type, subject, incident, state and time, in 16 hex
// digits: a replay gives the same one. Values, thresholds and rates are decimals in seconds and records.
void encode_alert(const AlertEvent& alert, const Envelope& envelope, Encoded& out);

// What a person asks of an alert found on the alert topic.
struct AlertSummary {
  std::string id;
  std::string subject;
  std::string lane;
  uint64_t sequence = 0;
  int64_t time_ms = 0;
  std::string state;
  std::string detector;
  std::string severity;
  std::string incident;
  std::string title;
  std::string message;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> details;   // the other members of data but `evidence`: name and JSON text, in order
  std::vector<std::pair<std::string, std::string>> evidence;  // name and JSON text, in the order of the record
};

// Reads an alert; not for hot paths. kInvalid with the member that is missing or wrong.
Result<AlertSummary> parse_alert(std::string_view json);
// An alert in words, line by line, for `headroom explain`.
std::string alert_words(const AlertSummary& alert);

}  // namespace headroom
