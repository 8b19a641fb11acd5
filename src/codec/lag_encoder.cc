#include "codec/json_writer.h"
#include "headroom/lag_codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

constexpr std::string_view quality_word(LagQuality quality) {
  constexpr std::string_view kWords[] = {"unknown", "bracketed", "interpolated", "exact"};
  return kWords[static_cast<size_t>(quality)];
}

template <class N>
void member(JsonWriter& json, std::string_view name, const std::optional<N>& value) {
  if (value) json.member_integer(name, *value);
}

template <class N>
void member_or_null(JsonWriter& json, std::string_view name, const std::optional<N>& value) {
  value ? json.member_integer(name, *value) : json.member_null(name);
}

void write_offsets(const LagSample& sample, JsonWriter& json) {
  member_or_null(json, "committed_offset", sample.committed_offset);
  member(json, "log_start_offset", sample.log_start_offset);
  member(json, "end_offset", sample.end_offset);
  member(json, "last_stable_offset", sample.last_stable_offset);
}

void write_times(const LagSample& sample, JsonWriter& json) {
  member_or_null(json, "consumed_time_ms", sample.consumed_time_ms);
  member_or_null(json, "end_time_ms", sample.end_time_ms);
  member(json, "unread_time_ms", sample.unread_time_ms);
  if (sample.consumed_time_ms) json.member_integer("consumed_time_error_ms", sample.consumed_time_error_ms);
  if (sample.end_time_ms) json.member_integer("end_time_error_ms", sample.end_time_error_ms);
  json.member("quality", quality_word(sample.quality));
}

void write_group(const LagSample& sample, JsonWriter& json) {
  sample.topic_id.empty() ? json.member_null("topic_id") : json.member("topic_id", sample.topic_id);
  if (!sample.group_state.empty()) json.member("group_state", sample.group_state);
  member_or_null(json, "members", sample.members);
  if (sample.assigned) json.member_boolean("assigned", *sample.assigned);
}

// A writer of one object at the end of `out`, whatever stands there. The writer sets commas by what it finds before it, so it begins anew.
template <class Write>
void append_object(std::string& out, const Write& write) {
  std::string text;
  text.reserve(640);
  JsonWriter json(text);
  json.open('{');
  write(json);
  json.close('}');
  out += text;
}

}  // namespace

void append_lag_sample(const LagSample& sample, std::string& out) {
  append_object(out, [&](JsonWriter& json) {
    json.member("cluster", sample.cluster);
    json.member("group", sample.group);
    json.member("topic", sample.topic);
    json.member_integer("partition", sample.partition);
    json.member("source", sample.source);
    json.member_integer("seq", static_cast<int64_t>(sample.seq));
    json.member_integer("observed_ms", sample.observed_ms);
    write_offsets(sample, json);
    write_times(sample, json);
    write_group(sample, json);
    member(json, "open_transaction_ms", sample.open_transaction_ms);
    member(json, "retention_ms", sample.retention_ms);
    member(json, "retention_bytes", sample.retention_bytes);
    member(json, "lost_records", sample.lost_records);
    member(json, "skew_ms", sample.skew_ms);
    if (sample.labels.empty()) return;
    json.open_member("labels", '{');
    for (const LagLabel& label : sample.labels) json.member(label.name, label.value);
    json.close('}');
  });
}

void append_lag_tick(const LagTick& tick, std::string& out) {
  append_object(out, [&](JsonWriter& json) {
    json.member_integer("tick_ms", tick.tick_ms);
    json.member("source", tick.source);
    json.member_integer("interval_ms", tick.interval_ms);
    json.member_integer("seq", static_cast<int64_t>(tick.seq));
  });
}

void append_lag_context(const LagContext& context, int64_t time_ms, std::string& out) {
  append_object(out, [&](JsonWriter& json) {
    json.member("kind", "context");
    json.member_integer("time_ms", time_ms);
    json.member("cluster", context.cluster);
    json.member("group", context.group);
    json.member("target", context.target);
    if (context.lying_factor_cores) json.member_number("lying_factor_cores", *context.lying_factor_cores);
    if (context.cpu_used_ratio) json.member_number("cpu_used_ratio", *context.cpu_used_ratio);
    if (!context.host.empty()) json.member("host", context.host);
    if (context.host_cpu_ratio) json.member_number("host_cpu_ratio", *context.host_cpu_ratio);
  });
}

void append_lag_forgotten(const LagForgotten& forgotten, int64_t time_ms, std::string& out) {
  append_object(out, [&](JsonWriter& json) {
    json.member("kind", "forgotten");
    json.member_integer("time_ms", time_ms);
    json.member("cluster", forgotten.cluster);
    json.member("group", forgotten.group);
    json.member("reason", forgotten.reason);
  });
}

}  // namespace headroom
