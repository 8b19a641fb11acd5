#include <array>

#include "base/time_text.h"
#include "codec/event_head.h"
#include "codec/json_writer.h"
#include "headroom/alert_codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

constexpr int64_t kMicroOfMilli = 1000;

void member_optional(JsonWriter& json, std::string_view name, const std::optional<int64_t>& micro) {
  micro ? json.member_micro(name, *micro) : json.member_null(name);
}
void member_known(JsonWriter& json, std::string_view name, const std::optional<int64_t>& micro) {
  if (micro) json.member_micro(name, *micro);
}
// Milliseconds as seconds.
void member_seconds(JsonWriter& json, std::string_view name, int64_t ms) {
  json.member_micro(name, ms > INT64_MAX / kMicroOfMilli ? INT64_MAX : ms * kMicroOfMilli);
}

void write_attribution(const AlertEvent& alert, JsonWriter& json) {
  const AlertAttribution& of = alert.attribution;
  json.open_member("attribution", '{');
  json.member("cause", alert_cause_name(of.cause));
  if (of.cause != AlertCause::kNoContext) {
    json.member("observed", format_rfc3339(of.context_ms));
    json.member("target", of.target);
    if (!of.host.empty()) json.member("host", of.host);
    member_known(json, "lying_factor_cores", of.lying_factor_micro);
    member_known(json, "cpu_used_ratio", of.cpu_used_ratio_micro);
    member_known(json, "host_cpu_ratio", of.host_cpu_ratio_micro);
  }
  json.close('}');
}

void write_evidence(const AlertEvent& alert, Offset input_offset, JsonWriter& json) {
  const AlertEvidence& of = alert.evidence;
  json.open_member("evidence", '{');
  json.member_integer("partitions", of.partitions);
  json.member_integer("known", of.known);
  json.member_integer("lag_records", of.lag_records);
  json.member_micro("produced_per_second", of.produced_milli > INT64_MAX / kMicroOfMilli ? INT64_MAX : of.produced_milli * kMicroOfMilli);
  json.member_micro("consumed_per_second", of.consumed_milli > INT64_MAX / kMicroOfMilli ? INT64_MAX : of.consumed_milli * kMicroOfMilli);
  if (!of.group.empty()) {
    json.open_member("worst", '{');
    json.member("cluster", of.cluster);
    json.member("group", of.group);
    json.member("topic", of.topic);
    json.member_integer("partition", of.partition);
    json.member("verdict", of.verdict);
    json.member("quality", of.quality);
    if (of.lag_ms) {
      member_seconds(json, "lag_seconds", *of.lag_ms);
      member_seconds(json, "lag_error_seconds", of.lag_error_ms);
    }
    if (of.commit_allowance_ms != 0) member_seconds(json, "commit_allowance_seconds", of.commit_allowance_ms);
    json.close('}');
  }
  json.member_integer("offset", input_offset);
  json.close('}');
}

void write_labels(const AlertEvent& alert, JsonWriter& json) {
  json.open_member("labels", '{');
  for (const auto& [name, value] : alert.labels) json.member(name, value);
  json.close('}');
}

void write_data(const AlertEvent& alert, Offset input_offset, JsonWriter& json) {
  const bool resolved = alert.state == AlertState::kResolved;
  json.open_member("data", '{');
  json.member("state", alert_state_name(alert.state));
  json.member("detector", alert.detector);
  json.member("severity", alert_severity_name(alert.severity));
  json.member("incident", alert.incident);
  json.member("title", alert.title);
  json.member("message", alert.message);
  write_labels(alert, json);
  json.member("metric", alert.metric);
  member_optional(json, "value", alert.value_micro);
  json.member("fires", alert.above ? "above" : "below");
  json.member_micro("threshold", alert.threshold_micro);
  member_optional(json, "peak", alert.peak_micro);
  json.member("since", format_rfc3339(alert.since_ms));
  json.member("fired", format_rfc3339(alert.fired_ms));
  member_seconds(json, "duration_seconds", alert.time_ms - alert.since_ms);
  if (resolved) json.member("reason", alert_end_name(alert.end));
  json.member_boolean("muted", alert.muted);
  if (alert.muted) json.member("muted_until", format_rfc3339(alert.muted_until_ms));
  if (!resolved) write_attribution(alert, json);
  write_evidence(alert, input_offset, json);
  json.close('}');
}

}  // namespace

std::string_view alert_state_name(AlertState state) {
  return state == AlertState::kFiring ? "firing" : "resolved";
}

std::string_view alert_severity_name(AlertSeverity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"info", "warning", "critical"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view alert_end_name(AlertEnd end) {
  constexpr std::array<std::string_view, 5> kNames = {"cleared", "deleted", "unseen", "gone", "changed"};
  return kNames[static_cast<size_t>(end)];
}

std::string_view alert_cause_name(AlertCause cause) {
  constexpr std::array<std::string_view, 4> kNames = {"no_context", "none_seen", "out_of_cpu", "hot_host"};
  return kNames[static_cast<size_t>(cause)];
}

std::string alert_subject(const AlertEvent& alert) {
  std::string subject = alert.detector;
  for (const auto& [name, value] : alert.labels) subject.append(1, '/').append(value);
  return subject;
}

void encode_alert(const AlertEvent& alert, const Envelope& envelope, Encoded& out) {
  const std::string subject = alert_subject(alert);
  JsonWriter json(out.value);
  codec::write_event_head({.type = kAlertType,
                           .subject = subject,
                           .partitionkey = subject,
                           .time_ms = alert.time_ms,
                           .resource = alert.incident,
                           .apart = alert_state_name(alert.state)},
                          envelope, out, json);
  write_data(alert, envelope.input_offset, json);
  json.close('}');
}

}  // namespace headroom
