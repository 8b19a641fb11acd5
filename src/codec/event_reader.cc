#include "codec/event_reader.h"

#include <charconv>
#include <cmath>

#include "base/time_text.h"

namespace headroom::codec {
namespace {

constexpr int kMaxDepth = 16;

}  // namespace

Result<Json> parse_event(std::string_view json) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  Json root = Json::parse(json, shallow, false);
  if (!root.is_object()) return Status(Code::kInvalid, "the record is not a JSON object");
  return root;
}

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string EventReader::string(const Json& object, const char* name) {
  const Json* member = find(object, name);
  if (member != nullptr && !member->is_string()) fail(name, "is not a string");
  return error_.empty() && member != nullptr ? member->get<std::string>() : std::string();
}

int64_t EventReader::time(const Json& object, const char* name) {
  const auto time_ms = parse_rfc3339(string(object, name));
  if (!time_ms) fail(name, "is not a time");
  return time_ms ? *time_ms : 0;
}

uint64_t EventReader::sequence(const Json& object) {
  const std::string text = string(object, "sequence");
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail("sequence", "is not a number");
  return value;
}

const Json& EventReader::object(const Json& parent, const char* name) {
  static const Json kNone = Json::object();
  const Json* member = find(parent, name);
  if (member != nullptr && !member->is_object()) fail(name, "is not an object");
  return member != nullptr && member->is_object() ? *member : kNone;
}

int64_t EventReader::quantity(const Json& parent, const char* name, std::string_view resource) {
  const bool cpu = resource == "cpu";
  const Json* member = find(object(parent, name), cpu ? "cpu_cores" : resource == "replicas" ? "replicas" : "memory_bytes");
  if (member == nullptr) return 0;
  const double value = member->is_number() ? member->get<double>() * (cpu ? 1e6 : 1) : NAN;
  if (!(std::abs(value) < 9e18)) return fail(name, "is not a quantity"), 0;
  return !cpu && member->is_number_integer() ? member->get<int64_t>() : std::llround(value);
}

const Json* EventReader::find(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return fail(name, "is missing"), nullptr;
  return &*found;
}

void EventReader::fail(const char* name, const char* what) {
  if (error_.empty()) error_ = std::string("member '").append(name).append("' ").append(what);
}

}  // namespace headroom::codec
