#include "codec/lag_document.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "codec/number_repair.h"
#include "codec/sample_rules.h"
#include "headroom/codec.h"

namespace headroom::codec {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// Sums of two and differences of what is read stay within 64 bits.
constexpr int64_t kMostInteger = std::numeric_limits<int64_t>::max() / 4;
constexpr int64_t kMostIntervalMs = 24 * 3'600'000;

// In the order in which samples are written, so that a look-up mostly finds its name at once.
enum Name : size_t {
  kCluster,
  kGroup,
  kTopic,
  kPartition,
  kSource,
  kSeq,
  kObservedMs,
  kCommittedOffset,
  kLogStartOffset,
  kEndOffset,
  kLastStableOffset,
  kConsumedTimeMs,
  kEndTimeMs,
  kUnreadTimeMs,
  kConsumedTimeErrorMs,
  kEndTimeErrorMs,
  kQuality,
  kTopicId,
  kGroupState,
  kMembers,
  kAssigned,
  kOpenTransactionMs,
  kRetentionMs,
  kRetentionBytes,
  kLostRecords,
  kSkewMs,
  kLabels,
  kTickMs,
  kIntervalMs,
  kKind,
  kTimeMs,
  kTarget,
  kLyingFactorCores,
  kCpuUsedRatio,
  kHost,
  kHostCpuRatio,
  kReason,
  kNames,
};
constexpr std::array<std::string_view, kNames> kNameTexts = {
    "cluster",
    "group",
    "topic",
    "partition",
    "source",
    "seq",
    "observed_ms",
    "committed_offset",
    "log_start_offset",
    "end_offset",
    "last_stable_offset",
    "consumed_time_ms",
    "end_time_ms",
    "unread_time_ms",
    "consumed_time_error_ms",
    "end_time_error_ms",
    "quality",
    "topic_id",
    "group_state",
    "members",
    "assigned",
    "open_transaction_ms",
    "retention_ms",
    "retention_bytes",
    "lost_records",
    "skew_ms",
    "labels",
    "tick_ms",
    "interval_ms",
    "kind",
    "time_ms",
    "target",
    "lying_factor_cores",
    "cpu_used_ratio",
    "host",
    "host_cpu_ratio",
    "reason",
};

LagQuality quality_named(std::string_view name) {
  if (name == "exact") return LagQuality::kExact;
  if (name == "interpolated") return LagQuality::kInterpolated;
  return name == "bracketed" ? LagQuality::kBracketed : LagQuality::kUnknown;
}

std::string_view read_integer(const element& in, int64_t& out) {
  switch (in.type()) {
    case element_type::INT64:
      break;
    case element_type::UINT64:
      return reject_reason::kNumberTooLarge;
    case element_type::DOUBLE:
      return std::abs(in.get_double().value_unsafe()) >= kStandsForNotFinite ? reject_reason::kNotFinite : reject_reason::kNotInteger;
    default:
      return reject_reason::kWrongType;
  }
  out = in.get_int64().value_unsafe();
  if (out < 0) return reject_reason::kNegative;
  return out > kMostInteger ? reject_reason::kNumberTooLarge : std::string_view();
}

std::string_view read_time(const element& in, int64_t latest_ms, int64_t& out) {
  if (in.type() == element_type::DOUBLE) return reject_reason::kTimeNotInteger;
  const std::string_view bad = read_integer(in, out);
  if (bad == reject_reason::kNumberTooLarge) return reject_reason::kTimeAhead;
  return bad.empty() ? time_problem(out, latest_ms) : bad;
}

}  // namespace

// The members of an object that mean something here, each as it came last.
struct LagDocument::Members {
  std::array<element, kNames> values;
  uint64_t present = 0;
  static_assert(kNames <= 64);

  explicit Members(const simdjson::dom::object& object) {
    size_t next = 0;
    for (const auto field : object) {
      const size_t name = find(field.key, next);
      if (name == kNames) continue;
      values[name] = field.value;
      present |= uint64_t{1} << name;
      next = name + 1;
    }
  }

  // The name's number, looked for from `from` on; kNames: not known.
  static size_t find(std::string_view key, size_t from) {
    for (size_t i = from; i < kNames; ++i)
      if (kNameTexts[i] == key) return i;
    for (size_t i = 0; i < from; ++i)
      if (kNameTexts[i] == key) return i;
    return kNames;
  }

  bool has(size_t name) const { return (present >> name & 1) != 0; }
  // There and not null.
  bool given(size_t name) const { return has(name) && !values[name].is_null(); }

  template <class N>
  std::string_view integer(size_t name, std::optional<N>& out) const {
    if (!given(name)) return {};
    int64_t wide = 0;
    const std::string_view bad = read_integer(values[name], wide);
    if (!bad.empty()) return bad;
    if (wide > static_cast<int64_t>(std::min<uint64_t>(std::numeric_limits<N>::max(), kMostInteger))) return reject_reason::kNumberTooLarge;
    out = static_cast<N>(wide);
    return {};
  }
  template <class N>
  std::string_view integer_or_zero(size_t name, N& out) const {
    std::optional<N> value;
    const std::string_view bad = integer(name, value);
    out = value.value_or(0);
    return bad;
  }
  std::string_view boolean(size_t name, std::optional<bool>& out) const {
    if (!given(name)) return {};
    if (!values[name].is_bool()) return reject_reason::kWrongType;
    out = values[name].get_bool().value_unsafe();
    return {};
  }
  // Finite, of either sign where `signed_too`.
  std::string_view number(size_t name, bool signed_too, std::optional<double>& out) const {
    if (!given(name)) return {};
    if (!values[name].is_number()) return reject_reason::kWrongType;
    const double value = values[name].get_double().value_unsafe();
    if (std::abs(value) >= kStandsForNotFinite) return reject_reason::kNotFinite;
    if (value < 0 && !signed_too) return reject_reason::kNegative;
    out = value + 0.0;  // negative zero becomes zero
    return {};
  }
};

void LagDocument::begin_batch() {
  arena_.reset();
  labels_.reset();
}

void LagDocument::decode(const Record& record, uint32_t index, Decoded<LagEvent>& out) {
  element root;
  std::string_view reason = json_.parse(record.value, root);
  if (reason.empty() && !root.is_object()) reason = reject_reason::kWrongType;
  if (reason.empty()) {
    LagEvent& event = out.values.emplace_back(Decoded<LagEvent>::Value{index, {}}).value;
    reason = decode_event(Members(root.get_object().value_unsafe()), latest_time_ms(record.timestamp_ms, options_.max_ahead_ms), event);
    if (reason.empty()) {
      if (event.kind == LagKind::kTick) out.ticks.push_back({index, static_cast<uint32_t>(out.values.size() - 1), event.time_ms});
      return;
    }
    out.values.pop_back();
  }
  out.count(reason);
  out.rejects.push_back({index, reason, 1, {}});
}

std::string_view LagDocument::decode_event(const Members& members, int64_t latest_ms, LagEvent& out) {
  if (members.has(kTickMs)) {
    out.kind = LagKind::kTick;
    const std::string_view bad = decode_tick(members, latest_ms, out.tick);
    out.time_ms = out.tick.tick_ms;
    return bad;
  }
  if (!members.has(kKind)) {
    const std::string_view bad = decode_sample(members, latest_ms, out.sample);
    out.time_ms = out.sample.observed_ms;
    return bad;
  }
  std::string_view kind;
  if (const auto bad = check_text(members.values[kKind], kind); !bad.empty()) return bad;
  if (kind != "context" && kind != "forgotten") return reject_reason::kUnknownKind;
  out.kind = kind == "context" ? LagKind::kContext : LagKind::kForgotten;
  if (!members.has(kTimeMs)) return reject_reason::kMissingTime;
  if (const auto bad = read_time(members.values[kTimeMs], latest_ms, out.time_ms); !bad.empty()) return bad;
  return out.kind == LagKind::kContext ? decode_context(members, out.context) : decode_forgotten(members, out.forgotten);
}

std::string_view LagDocument::decode_tick(const Members& members, int64_t latest_ms, LagTick& out) {
  if (const auto bad = read_time(members.values[kTickMs], latest_ms, out.tick_ms); !bad.empty()) return bad;
  if (const auto bad = decode_text(members, kSource, out.source); !bad.empty()) return bad;
  std::optional<int64_t> interval_ms;
  if (const auto bad = members.integer(kIntervalMs, interval_ms); !bad.empty()) return bad;
  if (interval_ms.value_or(0) == 0) return reject_reason::kMissingInterval;
  if (*interval_ms > kMostIntervalMs) return reject_reason::kNumberTooLarge;
  out.interval_ms = *interval_ms;
  return members.integer_or_zero(kSeq, out.seq);
}

std::string_view LagDocument::decode_context(const Members& members, LagContext& out) {
  if (const auto bad = decode_name(members, kCluster, out.cluster); !bad.empty()) return bad;
  if (const auto bad = decode_name(members, kGroup, out.group); !bad.empty()) return bad;
  if (const auto bad = decode_text(members, kTarget, out.target); !bad.empty()) return bad;
  if (const auto bad = members.number(kLyingFactorCores, true, out.lying_factor_cores); !bad.empty()) return bad;
  if (const auto bad = members.number(kCpuUsedRatio, false, out.cpu_used_ratio); !bad.empty()) return bad;
  if (const auto bad = decode_text(members, kHost, out.host); !bad.empty()) return bad;
  return members.number(kHostCpuRatio, false, out.host_cpu_ratio);
}

std::string_view LagDocument::decode_forgotten(const Members& members, LagForgotten& out) {
  if (const auto bad = decode_name(members, kCluster, out.cluster); !bad.empty()) return bad;
  if (const auto bad = decode_name(members, kGroup, out.group); !bad.empty()) return bad;
  return decode_text(members, kReason, out.reason);
}

std::string_view LagDocument::decode_sample(const Members& members, int64_t latest_ms, LagSample& out) {
  if (const auto bad = decode_name(members, kCluster, out.cluster); !bad.empty()) return bad;
  if (const auto bad = decode_name(members, kGroup, out.group); !bad.empty()) return bad;
  if (const auto bad = decode_name(members, kTopic, out.topic); !bad.empty()) return bad;
  if (!members.given(kPartition)) return reject_reason::kMissingPartition;
  if (const auto bad = members.integer_or_zero(kPartition, out.partition); !bad.empty()) return bad;
  if (!members.has(kObservedMs)) return reject_reason::kMissingTime;
  if (const auto bad = read_time(members.values[kObservedMs], latest_ms, out.observed_ms); !bad.empty()) return bad;
  const std::pair<size_t, std::optional<int64_t>*> integers[] = {
      {kCommittedOffset, &out.committed_offset},
      {kLogStartOffset, &out.log_start_offset},
      {kEndOffset, &out.end_offset},
      {kLastStableOffset, &out.last_stable_offset},
      {kConsumedTimeMs, &out.consumed_time_ms},
      {kEndTimeMs, &out.end_time_ms},
      {kUnreadTimeMs, &out.unread_time_ms},
      {kOpenTransactionMs, &out.open_transaction_ms},
      {kRetentionMs, &out.retention_ms},
      {kRetentionBytes, &out.retention_bytes},
      {kLostRecords, &out.lost_records},
      {kSkewMs, &out.skew_ms},
  };
  for (const auto& [name, to] : integers)
    if (const auto bad = members.integer(name, *to); !bad.empty()) return bad;
  if (const auto bad = members.integer_or_zero(kConsumedTimeErrorMs, out.consumed_time_error_ms); !bad.empty()) return bad;
  if (const auto bad = members.integer_or_zero(kEndTimeErrorMs, out.end_time_error_ms); !bad.empty()) return bad;
  if (const auto bad = decode_group(members, out); !bad.empty()) return bad;
  return decode_labels(members, out);
}

std::string_view LagDocument::decode_group(const Members& members, LagSample& out) {
  if (const auto bad = decode_text(members, kSource, out.source); !bad.empty()) return bad;
  if (const auto bad = members.integer_or_zero(kSeq, out.seq); !bad.empty()) return bad;
  if (members.given(kQuality)) {
    std::string_view quality;
    if (const auto bad = check_text(members.values[kQuality], quality); !bad.empty()) return bad;
    out.quality = quality_named(quality);
  }
  if (const auto bad = decode_text(members, kTopicId, out.topic_id); !bad.empty()) return bad;
  if (const auto bad = decode_text(members, kGroupState, out.group_state); !bad.empty()) return bad;
  if (const auto bad = members.integer(kMembers, out.members); !bad.empty()) return bad;
  if (const auto bad = members.boolean(kAssigned, out.assigned); !bad.empty()) return bad;
  // Joined once, in the arena; the names view parts of it.
  char number[16];
  const char* const digits_end = std::to_chars(number, number + sizeof number, out.partition).ptr;
  out.group_key = arena_.join(out.cluster, '\x1f', out.group);
  out.partition_key = arena_.join(out.topic, '\x1f', {number, static_cast<size_t>(digits_end - number)});
  return {};
}

std::string_view LagDocument::decode_labels(const Members& members, LagSample& out) {
  if (!members.given(kLabels)) return {};
  if (!members.values[kLabels].is_object()) return reject_reason::kWrongType;
  const simdjson::dom::object object = members.values[kLabels].get_object().value_unsafe();
  const auto size = static_cast<size_t>(std::distance(object.begin(), object.end()));
  if (size > options_.max_labels) return reject_reason::kTooManyLabels;
  const std::span<LagLabel> labels = labels_.take(size);
  size_t at = 0;
  for (const auto field : object) {
    LagLabel& label = labels[at++];
    label.name = field.key;
    if (label.name.size() > options_.max_string_bytes) return reject_reason::kStringTooLong;
    if (std::any_of(label.name.begin(), label.name.end(), is_control)) return reject_reason::kControlCharacter;
    if (label.name.empty() || label.name.find('=') != std::string_view::npos) return reject_reason::kBadLabel;
    if (const auto bad = check_text(field.value, label.value); !bad.empty()) return bad;
    label.name = arena_.copy(label.name);
    label.value = arena_.copy(label.value);
  }
  std::sort(labels.begin(), labels.end(), [](const LagLabel& a, const LagLabel& b) { return a.name < b.name; });
  for (size_t i = 1; i < size; ++i)
    if (labels[i - 1].name == labels[i].name) return reject_reason::kBadLabel;
  out.labels = labels;
  return {};
}

std::string_view LagDocument::check_text(const element& in, std::string_view& out) const {
  if (!in.is_string()) return reject_reason::kWrongType;
  out = in.get_string().value_unsafe();
  if (out.size() > options_.max_string_bytes) return reject_reason::kStringTooLong;
  return std::any_of(out.begin(), out.end(), is_control) ? reject_reason::kControlCharacter : std::string_view();
}

std::string_view LagDocument::decode_text(const Members& members, size_t name, std::string_view& out) {
  if (!members.given(name)) return {};
  const std::string_view bad = check_text(members.values[name], out);
  out = bad.empty() ? arena_.copy(out) : std::string_view();
  return bad;
}

std::string_view LagDocument::decode_name(const Members& members, size_t name, std::string_view& out) {
  if (!members.has(name)) return reject_reason::kMissingName;
  // Null is of the wrong type: a name is never unknown.
  const std::string_view bad = check_text(members.values[name], out);
  if (!bad.empty()) return bad;
  if (out.empty()) return reject_reason::kMissingName;
  out = arena_.copy(out);
  return {};
}

}  // namespace headroom::codec
