#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <variant>

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

void write_evidence(const LoadEvidence& evidence, JsonWriter& json) {
  json.member("metric", evidence.metric);
  json.member_number("load", evidence.load);
  json.member("forecast", evidence.forecast);
  if (!evidence.withheld.empty()) json.member("withheld", evidence.withheld);
  if (evidence.capacity > 0) {
    json.member_number("capacity", evidence.capacity);
    if (evidence.capacity_spread > 0) json.member_number("capacity_spread", evidence.capacity_spread);
    json.member_number("target_utilisation", evidence.target_utilisation);
    json.member_number("reactive_replicas", evidence.reactive);
    json.member_number("predicted_replicas", evidence.predicted);
    json.member_integer("stabilised_replicas", evidence.stabilised);
    if (evidence.surprise > 0) json.member_integer("surprise_replicas", evidence.surprise);
  }
  json.member_number("expected_load", evidence.expected_load);
  json.member("lead", format_duration(evidence.lead_ms));
  json.member("start_up", format_duration(evidence.start_up_ms));
  json.member_number("relative_error", evidence.relative_error);
  json.member_integer("scored", evidence.scored);
  json.member_boolean("by_forecast", evidence.by_forecast);
  json.member_integer("turns_left", evidence.turns_left);
  if (!evidence.shadow) return;
  json.open_member("scorecard", '{');
  json.member_integer("ticks", evidence.shadow->ticks);
  json.member_number("short_proposed", evidence.shadow->short_proposed);
  json.member_number("short_running", evidence.shadow->short_running);
  json.member_number("replicas_proposed", evidence.shadow->replicas_proposed);
  json.member_number("replicas_running", evidence.shadow->replicas_running);
  json.close('}');
}

void write_evidence(const GroupEvidence& evidence, JsonWriter& json) {
  json.member("cluster", evidence.cluster);
  json.member("group", evidence.group);
  json.member("verdict", evidence.verdict);
  member_milli("produced_per_second", evidence.produced_milli, json);
  member_milli("consumed_per_second", evidence.consumed_milli, json);
  member_milli("rate_of_one_per_second", evidence.rate_of_one_milli, json);
  json.member_integer("busy_minutes", evidence.busy_minutes);
  json.member_integer("lag_records", evidence.lag_records);
  if (evidence.max_lag_ms) json.member("max_lag", format_duration(*evidence.max_lag_ms));
  json.member("catch_up", format_duration(evidence.catch_up_ms));
  json.member_integer("partitions", evidence.partitions);
}

void write_reason(const ScaleAction& action, Offset input_offset, JsonWriter& json) {
  json.open_member("reason", '{');
  json.member("code", action.code);
  json.member("message", codec::scale_message(action));
  json.open_member("evidence", '{');
  std::visit([&json](const auto& evidence) { write_evidence(evidence, json); }, action.evidence);
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
  const auto* group = std::get_if<GroupEvidence>(&action.evidence);
  codec::write_event_head({.type = kScaleType,
                           .subject = action.target,
                           .partitionkey = action.target,
                           .time_ms = action.time_ms,
                           .expiry_ms = action.expiry_ms,
                           .resource = kReplicas,
                           .apart = group == nullptr ? std::string_view() : std::string_view(group->group)},
                          envelope, out, json);
  write_data(action, envelope.input_offset, json);
  json.close('}');
}

}  // namespace headroom
