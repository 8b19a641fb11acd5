#include <array>
#include <limits>

#include "base/hash.h"
#include "base/time_text.h"
#include "codec/json_writer.h"
#include "codec/resize_message.h"
#include "codec/target_parts.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

std::string padded(uint64_t value, size_t width, int base) {
  std::array<char, 20> digits;
  const auto size = static_cast<size_t>(std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr - digits.data());
  return std::string(width - size, '0').append(digits.data(), size);
}

std::string subject_of(const ResizeAction& action) {
  return action.container.empty() ? action.target : std::string(action.target).append("/").append(action.container);
}

// The parts are told apart by a byte that no decoded string holds.
std::string id_of(const ResizeAction& action, const Envelope& envelope, std::string_view subject) {
  std::string name;
  const auto add = [&name](std::string_view part) { name.append(part).push_back('\n'); };
  add(envelope.source);
  add(envelope.lane);
  add(std::to_string(envelope.incarnation));
  add(kResizeType);
  add(subject);
  add(resource_name(action.resource));
  add(std::to_string(action.time_ms));
  // Two instances of a container may be killed within one scrape: each gives a command, of the same subject and time.
  if (!action.instance.empty()) add(action.instance);
  return padded(hash_bytes(name), 16, 16);
}

// Quantities of one resource: the unit ends the member's name.
class Quantities {
 public:
  Quantities(JsonWriter& json, Resource resource) : json_(&json), resource_(resource) {}

  void member(std::string_view name, int64_t value) {
    resource_ == Resource::kCpu ? json_->member_micro(name, value) : json_->member_integer(name, value);
  }
  void member_with_unit(std::string name, int64_t value) { member(name += resource_ == Resource::kCpu ? "_cores" : "_bytes", value); }
  void element(int64_t value) { resource_ == Resource::kCpu ? json_->element_micro(value) : json_->element_integer(value); }

 private:
  JsonWriter* json_;
  Resource resource_;
};

void write_target(const ResizeAction& action, JsonWriter& json) {
  const TargetParts parts = target_parts(action.target);
  json.open_member("target", '{');
  if (parts.name.size() != action.target.size()) {
    json.member("cluster", parts.cluster);
    json.member("namespace", parts.namespace_name);
    json.member("kind", parts.kind);
  }
  json.member("name", parts.name);
  if (!action.container.empty()) json.member("container", action.container);
  json.close('}');
}

void write_band(const ResizeEvidence& evidence, Quantities& quantities, JsonWriter& json) {
  if (evidence.band_unit == BandUnit::kRatio) {
    json.member_micro("lying_factor_ratio", evidence.lying_factor);
    json.open_member("band", '[');
    json.element_micro(evidence.band_lower);
    json.element_micro(evidence.band_upper);
  } else {
    quantities.member_with_unit("lying_factor", evidence.lying_factor);
    json.open_member("band", '[');
    quantities.element(evidence.band_lower);
    quantities.element(evidence.band_upper);
  }
  json.close(']');
}

void write_reason(const ResizeAction& action, Offset input_offset, Quantities& quantities, JsonWriter& json) {
  const ResizeEvidence& evidence = action.evidence;
  const bool oom = action.code == "oom_kill";
  json.open_member("reason", '{');
  json.member("code", action.code);
  json.member("message", codec::resize_message(action));
  json.open_member("evidence", '{');
  if (!oom) {
    write_band(evidence, quantities, json);
    quantities.member_with_unit("used_mean", evidence.used_mean);
  }
  quantities.member_with_unit("used_max", evidence.used_max);
  json.member("window", format_duration(evidence.window_ms));
  json.member_integer("instances", evidence.instances);
  json.member_integer("samples", static_cast<int64_t>(evidence.samples));
  if (oom) json.member_integer("oom_kills", evidence.oom_kills);
  json.member_integer("offset", input_offset);
  json.close('}');
  json.close('}');
}

void write_data(const ResizeAction& action, Offset input_offset, JsonWriter& json) {
  const std::string_view quantity = action.resource == Resource::kCpu ? "cpu" : "memory";
  Quantities quantities(json, action.resource);
  json.open_member("data", '{');
  json.member("action", "resize");
  json.member("resource", resource_name(action.resource));
  json.member("mode", action.mode == ActionMode::kApply ? "apply" : "propose");
  write_target(action, json);
  json.open_member("current", '{');
  quantities.member_with_unit(std::string(quantity), action.current);
  json.close('}');
  json.open_member("desired", '{');
  quantities.member_with_unit(std::string(quantity), action.desired);
  json.close('}');
  json.open_member("bounds", '{');
  quantities.member("lower", action.lower);
  if (action.upper == std::numeric_limits<int64_t>::max()) {
    json.member_null("upper");
  } else {
    quantities.member("upper", action.upper);
  }
  quantities.member("uncapped", action.uncapped);
  json.close('}');
  write_reason(action, input_offset, quantities, json);
  json.open_member("guard", '{');
  json.member("cooldown", format_duration(action.cooldown_ms));
  if (action.max_step_micro != 0) json.member_micro("max_step_ratio", action.max_step_micro);
  json.close('}');
  json.close('}');
}

}  // namespace

void encode_resize(const ResizeAction& action, const Envelope& envelope, Encoded& out) {
  const std::string subject = subject_of(action);
  out.key = action.target;
  out.headers.clear();
  out.headers.emplace_back("type", kResizeType);
  out.headers.emplace_back("subject", subject);
  out.value.clear();
  JsonWriter json(out.value);
  json.open('{');
  json.member("specversion", "1.0");
  json.member("id", id_of(action, envelope, subject));
  json.member("source", envelope.source);
  json.member("type", kResizeType);
  json.member("subject", subject);
  json.member("time", format_rfc3339(action.time_ms));
  json.member("expirytime", format_rfc3339(action.expiry_ms));
  json.member("partitionkey", action.target);
  json.member("lane", envelope.lane);
  json.member("sequence", padded(envelope.sequence, 20, 10));
  json.member("datacontenttype", "application/json");
  write_data(action, envelope.input_offset, json);
  json.close('}');
}

}  // namespace headroom
