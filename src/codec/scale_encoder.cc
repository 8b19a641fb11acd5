#include <algorithm>
#include <limits>
#include <string>

#include "base/time_text.h"
#include "codec/event_head.h"
#include "codec/json_writer.h"
#include "codec/scale_message.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

constexpr std::string_view kReplicas = "replicas";

// Thousandths as a decimal.
void member_milli(std::string_view name, int64_t milli, JsonWriter& json) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
  json.member_micro(name, std::clamp(milli, -kMost, kMost) * 1000);
}

void write_replicas(std::string_view name, int64_t replicas, JsonWriter& json) {
  json.open_member(name, '{');
  json.member_integer(kReplicas, replicas);
  json.close('}');
}

void write_reason(const ScaleAction& action, Offset input_offset, JsonWriter& json) {
  const ScaleEvidence& evidence = action.evidence;
  json.open_member("reason", '{');
  json.member("code", action.code);
  json.member("message", codec::scale_message(action));
  json.open_member("evidence", '{');
  json.member("cluster", action.cluster);
  json.member("group", action.group);
  json.member("verdict", evidence.verdict);
  member_milli("produced_per_second", evidence.produced_milli, json);
  member_milli("consumed_per_second", evidence.consumed_milli, json);
  member_milli("rate_of_one_per_second", evidence.rate_of_one_milli, json);
  json.member_integer("busy_minutes", evidence.busy_minutes);
  json.member_integer("lag_records", evidence.lag_records);
  if (evidence.max_lag_ms) json.member("max_lag", format_duration(*evidence.max_lag_ms));
  json.member("catch_up", format_duration(evidence.catch_up_ms));
  json.member_integer("partitions", evidence.partitions);
  json.member_integer("offset", input_offset);
  json.close('}');
  json.close('}');
}

void write_data(const ScaleAction& action, Offset input_offset, JsonWriter& json) {
  json.open_member("data", '{');
  json.member("action", "scale");
  json.member("resource", kReplicas);
  json.member("mode", action.mode == ActionMode::kApply ? "apply" : "propose");
  codec::write_target(action.target, {}, json);
  write_replicas("current", action.current, json);
  write_replicas("desired", action.desired, json);
  json.member_integer("max_useful", action.max_useful);
  json.open_member("bounds", '{');
  json.member_integer("lower", action.lower);
  json.member_integer("upper", action.upper);
  json.member_integer("uncapped", action.uncapped);
  json.close('}');
  write_reason(action, input_offset, json);
  json.open_member("guard", '{');
  json.member("cooldown", format_duration(action.cooldown_ms));
  json.close('}');
  json.close('}');
}

}  // namespace

void encode_scale(const ScaleAction& action, const Envelope& envelope, Encoded& out) {
  JsonWriter json(out.value);
  // Two groups may have the same target.
  codec::write_event_head({.type = kScaleType,
                           .subject = action.target,
                           .partitionkey = action.target,
                           .time_ms = action.time_ms,
                           .expiry_ms = action.expiry_ms,
                           .resource = kReplicas,
                           .apart = action.group},
                          envelope, out, json);
  write_data(action, envelope.input_offset, json);
  json.close('}');
}

}  // namespace headroom
