#include <limits>

#include "base/time_text.h"
#include "codec/event_head.h"
#include "codec/json_writer.h"
#include "codec/resize_message.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

std::string subject_of(const ResizeAction& action) {
  return action.container.empty() ? action.target : std::string(action.target).append("/").append(action.container);
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
  codec::write_target(action.target, action.container, json);
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
  JsonWriter json(out.value);
  // Two instances of a container may be killed within one scrape: each gives a command, of the same subject and time.
  codec::write_event_head({.type = kResizeType,
                           .subject = subject,
                           .partitionkey = action.target,
                           .time_ms = action.time_ms,
                           .expiry_ms = action.expiry_ms,
                           .resource = resource_name(action.resource),
                           .apart = action.instance},
                          envelope, out, json);
  write_data(action, envelope.input_offset, json);
  json.close('}');
}

}  // namespace headroom
