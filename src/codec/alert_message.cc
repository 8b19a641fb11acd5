#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "base/time_text.h"
#include "headroom/alert_codec.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 16;

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Reads members of an object; the first that is missing or of another type is remembered.
class Reader {
 public:
  std::string string(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) return fail(name, "is missing");
    return found->is_string() ? found->get<std::string>() : fail(name, "is not a string");
  }
  const Json& object(const Json& parent, const char* name) {
    static const Json kNone = Json::object();
    const auto found = parent.find(name);
    if (found == parent.end()) return fail(name, "is missing"), kNone;
    return found->is_object() ? *found : (fail(name, "is not an object"), kNone);
  }
  int64_t time(const Json& object, const char* name) {
    const auto time_ms = parse_rfc3339(string(object, name));
    if (!time_ms) fail(name, "is not a time");
    return time_ms ? *time_ms : 0;
  }
  uint64_t sequence(const Json& object) {
    const std::string text = string(object, "sequence");
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("sequence", "is not a number");
    return value;
  }
  const std::string& error() const { return error_; }

 private:
  std::string fail(const char* name, const char* what) {
    if (error_.empty()) error_ = concat("member '", name, "' ", what);
    return {};
  }

  std::string error_;
};

// Members of data that the summary has by name.
bool named(std::string_view member) {
  constexpr std::array<std::string_view, 8> kNamed = {"state", "detector", "severity", "incident",
                                                      "title", "message",  "labels",   "evidence"};
  return std::find(kNamed.begin(), kNamed.end(), member) != kNamed.end();
}

void read_data(const Json& data, Reader& in, AlertSummary& out) {
  out.state = in.string(data, "state");
  out.detector = in.string(data, "detector");
  out.severity = in.string(data, "severity");
  out.incident = in.string(data, "incident");
  out.title = in.string(data, "title");
  out.message = in.string(data, "message");
  for (const auto& [name, value] : in.object(data, "labels").items())
    out.labels.emplace_back(name, value.is_string() ? value.get<std::string>() : text_of(value));
  for (const auto& [name, value] : data.items())
    if (!named(name)) out.details.emplace_back(name, text_of(value));
  for (const auto& [name, value] : in.object(data, "evidence").items()) out.evidence.emplace_back(name, text_of(value));
}

void add_line(std::string& text, std::string_view name, std::string_view what) {
  text += concat("  ", name, std::string(name.size() < 10 ? 10 - name.size() : 0, ' '), " ", what, "\n");
}

}  // namespace

Result<AlertSummary> parse_alert(std::string_view json) {
  // Members deeper than any alert has are left out: printing them again would take a stack as deep.
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  const Json root = Json::parse(json, shallow, false);
  if (!root.is_object()) return Status(Code::kInvalid, "the record is not a JSON object");
  Reader in;
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
