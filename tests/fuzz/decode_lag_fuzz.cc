// Any bytes as a record of headroom.lag: what comes out keeps the promises of headroom/lag_codec.h, and the same bytes give the same.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "headroom/lag_codec.h"

namespace headroom {
namespace {

constexpr LagDecoderOptions kOptions{.max_string_bytes = 48, .max_labels = 4};
constexpr int64_t kTimestampMs = 1'732'262'400'000;

void check_string(std::string_view text) {
  HEADROOM_CHECK(text.size() <= kOptions.max_string_bytes);
  for (const char c : text) HEADROOM_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void check_number(std::optional<int64_t> value) {
  HEADROOM_CHECK(!value || (*value >= 0 && *value <= INT64_MAX / 4));
}

void check_sample(const LagSample& in) {
  for (const std::string_view name : {in.cluster, in.group, in.topic}) HEADROOM_CHECK(!name.empty());
  for (const std::string_view text : {in.cluster, in.group, in.topic, in.source, in.topic_id, in.group_state}) check_string(text);
  for (const auto& value :
       {in.committed_offset, in.log_start_offset, in.end_offset, in.last_stable_offset, in.consumed_time_ms, in.end_time_ms,
        in.unread_time_ms, in.open_transaction_ms, in.retention_ms, in.retention_bytes, in.lost_records, in.skew_ms})
    check_number(value);
  check_number(in.consumed_time_error_ms);
  check_number(in.end_time_error_ms);
  HEADROOM_CHECK(in.partition >= 0 && in.members.value_or(0) >= 0 && in.labels.size() <= kOptions.max_labels);
  for (size_t i = 0; i < in.labels.size(); ++i) {
    check_string(in.labels[i].name);
    check_string(in.labels[i].value);
    HEADROOM_CHECK(!in.labels[i].name.empty() && (i == 0 || in.labels[i - 1].name < in.labels[i].name));
  }
  HEADROOM_CHECK(in.group_key.size() == in.cluster.size() + 1 + in.group.size());
  HEADROOM_CHECK(in.partition_key.starts_with(in.topic) && in.partition_key[in.topic.size()] == '\x1f');
}

void check_context(const LagContext& in) {
  for (const std::string_view text : {in.cluster, in.group, in.target, in.host}) check_string(text);
  for (const auto& value : {in.lying_factor_cores, in.cpu_used_ratio, in.host_cpu_ratio}) HEADROOM_CHECK(!value || std::isfinite(*value));
}

void decode(std::string_view bytes, int64_t timestamp_ms) {
  static const auto kDecoder = make_lag_decoder(kOptions);
  Decoded<LagEvent> out;
  kDecoder->begin_batch();
  kDecoder->decode({0, timestamp_ms, {}, bytes}, 0, out);
  HEADROOM_CHECK(out.values.size() + out.rejects.size() == 1 && out.rejects.size() == out.reasons.size());
  if (out.values.empty()) return;
  const LagEvent& event = out.values[0].value;
  HEADROOM_CHECK(event.time_ms >= 946'684'800'000);
  HEADROOM_CHECK(timestamp_ms < 0 || event.time_ms <= timestamp_ms + kOptions.max_ahead_ms);
  HEADROOM_CHECK(out.ticks.size() == (event.kind == LagKind::kTick ? 1u : 0u));
  if (event.kind == LagKind::kSample) check_sample(event.sample);
  if (event.kind == LagKind::kContext) check_context(event.context);
  if (event.kind == LagKind::kTick) HEADROOM_CHECK(event.tick.interval_ms > 0);
}

}  // namespace
}  // namespace headroom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A buffer of its own, so that a read past the record's end is seen.
  const auto bytes = std::make_unique<char[]>(size);
  std::copy_n(data, size, bytes.get());
  for (const int64_t timestamp_ms : {headroom::kTimestampMs, int64_t{-1}}) headroom::decode({bytes.get(), size}, timestamp_ms);
  return 0;
}
