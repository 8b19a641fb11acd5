#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 16;

// Reads members of an object; the first that is missing or of another type is remembered.
class Reader {
 public:
  std::string string(const Json& object, const char* name) {
    const Json* member = find(object, name);
    if (member != nullptr && !member->is_string()) fail(name, "is not a string");
    return error_.empty() && member != nullptr ? member->get<std::string>() : std::string();
  }
  int64_t time(const Json& object, const char* name) {
    const std::string text = string(object, name);
    const auto time_ms = parse_rfc3339(text);
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
  const Json& object(const Json& parent, const char* name) {
    static const Json kNone = Json::object();
    const Json* member = find(parent, name);
    if (member != nullptr && !member->is_object()) fail(name, "is not an object");
    return member != nullptr && member->is_object() ? *member : kNone;
  }
  // {"cpu_cores":1.5}, {"memory_bytes":1048576} or {"replicas":4}.
  int64_t quantity(const Json& parent, const char* name, std::string_view resource) {
    const bool cpu = resource == "cpu";
    const Json* member = find(object(parent, name), cpu ? "cpu_cores" : resource == "replicas" ? "replicas" : "memory_bytes");
    if (member == nullptr) return 0;
    const double value = member->is_number() ? member->get<double>() * (cpu ? 1e6 : 1) : NAN;
    if (!(std::abs(value) < 9e18)) return fail(name, "is not a quantity"), 0;
    return !cpu && member->is_number_integer() ? member->get<int64_t>() : std::llround(value);
  }
  const std::string& error() const { return error_; }

 private:
  const Json* find(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) return fail(name, "is missing"), nullptr;
    return &*found;
  }
  void fail(const char* name, const char* what) {
    if (error_.empty()) error_ = std::string("member '").append(name).append("' ").append(what);
  }

  std::string error_;
};

}  // namespace

Result<ActionSummary> parse_action(std::string_view json) {
  // Members deeper than any command has are left out: printing them again would take a stack as deep.
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  const Json root = Json::parse(json, shallow, false);
  if (!root.is_object()) return Status(Code::kInvalid, "the record is not a JSON object");
  Reader in;
  ActionSummary out;
  out.id = in.string(root, "id");
  out.source = in.string(root, "source");
  out.type = in.string(root, "type");
  if (in.error().empty() && out.type != kResizeType && out.type != kScaleType) {
    return Status(Code::kInvalid, "type '" + out.type + "' is neither a resize nor a scale command");
  }
  out.subject = in.string(root, "subject");
  out.time_ms = in.time(root, "time");
  out.expiry_ms = in.time(root, "expirytime");
  out.partitionkey = in.string(root, "partitionkey");
  out.lane = in.string(root, "lane");
  out.sequence = in.sequence(root);
  const Json& data = in.object(root, "data");
  out.action = in.string(data, "action");
  out.resource = in.string(data, "resource");
  out.mode = in.string(data, "mode");
  out.current = in.quantity(data, "current", out.resource);
  out.desired = in.quantity(data, "desired", out.resource);
  const Json& reason = in.object(data, "reason");
  out.code = in.string(reason, "code");
  out.message = in.string(reason, "message");
  for (const auto& [name, value] : in.object(reason, "evidence").items()) {
    out.evidence.emplace_back(name, value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (!in.error().empty()) return Status(Code::kInvalid, in.error());
  return out;
}

}  // namespace headroom
