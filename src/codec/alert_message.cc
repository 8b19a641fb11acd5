#include <algorithm>
#include <array>

#include "base/concat.h"
#include "base/time_text.h"
#include "codec/event_reader.h"
#include "headroom/alert_codec.h"

namespace headroom {
namespace {

using codec::EventReader;
using codec::Json;

// Members of data that the summary has by name.
bool named(std::string_view member) {
  constexpr std::array<std::string_view, 8> kNamed = {"state", "detector", "severity", "incident",
                                                      "title", "message",  "labels",   "evidence"};
  return std::find(kNamed.begin(), kNamed.end(), member) != kNamed.end();
}

void read_data(const Json& data, EventReader& in, AlertSummary& out) {
  out.state = in.string(data, "state");
  out.detector = in.string(data, "detector");
  out.severity = in.string(data, "severity");
  out.incident = in.string(data, "incident");
  out.title = in.string(data, "title");
  out.message = in.string(data, "message");
  for (const auto& [name, value] : in.object(data, "labels").items())
    out.labels.emplace_back(name, value.is_string() ? value.get<std::string>() : codec::json_text(value));
  for (const auto& [name, value] : data.items())
    if (!named(name)) out.details.emplace_back(name, codec::json_text(value));
  for (const auto& [name, value] : in.object(data, "evidence").items()) out.evidence.emplace_back(name, codec::json_text(value));
}

void add_line(std::string& text, std::string_view name, std::string_view what) {
  text += concat("  ", name, std::string(name.size() < 10 ? 10 - name.size() : 0, ' '), " ", what, "\n");
}

}  // namespace

Result<AlertSummary> parse_alert(std::string_view json) {
  const auto event = codec::parse_event(json);
  if (!event) return event.status();
  const Json& root = *event;
  EventReader in;
  AlertSummary out;
  out.id = in.string(root, "id");
  const std::string type = in.string(root, "type");
  if (in.error().empty() && type != kAlertType) return Status(Code::kInvalid, "type '" + type + "' is not an alert");
  out.subject = in.string(root, "subject");
  out.lane = in.string(root, "lane");
  out.sequence = in.sequence(root);
  out.time_ms = in.time(root, "time");
  read_data(in.object(root, "data"), in, out);
  if (!in.error().empty()) return Status(Code::kInvalid, in.error());
  return out;
}

std::string alert_words(const AlertSummary& alert) {
  std::string text = concat(alert.severity, " ", alert.state, ": ", alert.title, "\n");
  add_line(text, "why", alert.message);
  add_line(text, "decided", concat("at ", format_rfc3339(alert.time_ms), " by the detector ", alert.detector));
  add_line(text, "incident", concat(alert.incident, ": the same in both of its alerts"));
  for (const auto& [name, value] : alert.labels) add_line(text, "label", concat(name, " ", value));
  for (const auto& [name, value] : alert.details) add_line(text, "what", concat(name, " ", value));
  for (const auto& [name, value] : alert.evidence) add_line(text, "evidence", concat(name, " ", value));
  return text;
}

}  // namespace headroom
