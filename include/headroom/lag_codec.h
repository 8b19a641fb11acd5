#pragma once
// The wire format of `headroom.lag`, both ways.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "headroom/decoder.h"
#include "headroom/lag.h"

namespace headroom {

// Why a record was refused, beside those of headroom/codec.h (empty, not_utf8, too_deep, not_json, wrong_type, string_too_long,
// control_character, missing_time and what is said of times). Where more than one holds, it is the first found.
namespace reject_reason {
inline constexpr std::string_view kMissingName = "missing_name";  // cluster, group or topic, or an empty one
inline constexpr std::string_view kMissingPartition = "missing_partition";
inline constexpr std::string_view kMissingInterval = "missing_interval";  // of a tick
inline constexpr std::string_view kUnknownKind = "unknown_kind";
inline constexpr std::string_view kNegative = "negative";       // a number below zero
inline constexpr std::string_view kNotInteger = "not_integer";  // a number with fraction or exponent where none may be
inline constexpr std::string_view kNumberTooLarge = "number_too_large";
inline constexpr std::string_view kTooManyLabels = "too_many_labels";
inline constexpr std::string_view kBadLabel = "bad_label";  // a name that is empty, repeated or has a '=' in it
}  // namespace reject_reason

// Compact JSON, members in a fixed order, the same bytes for the same value. What is absent is left out, but `committed_offset`,
// `consumed_time_ms`, `end_time_ms`, `topic_id` and `members`, which are null.
void append_lag_sample(const LagSample& sample, std::string& out);
// {"tick_ms":...,"source":"...","interval_ms":...,"seq":...}
void append_lag_tick(const LagTick& tick, std::string& out);
// {"kind":"context","time_ms":...,"cluster":...,"group":...,"target":...,...}
void append_lag_context(const LagContext& context, int64_t time_ms, std::string& out);
// {"kind":"forgotten","time_ms":...,"cluster":...,"group":...,"reason":...}
void append_lag_forgotten(const LagForgotten& forgotten, int64_t time_ms, std::string& out);

struct LagDecoderOptions {
  size_t max_string_bytes = 512;          // of each kept string; a label's name and value too
  size_t max_labels = 32;                 // a sample
  int64_t max_ahead_ms = 10 * 60 * 1000;  // an event's time beyond its record's timestamp
};

// Decodes the values of `headroom.lag`: one object, a tick (`tick_ms`), a context or forgotten (`kind`), else a sample. Unknown members are
// ignored. A negative, fractional or infinite number, a missing or mistyped member, a time as reject_reason (headroom/codec.h) says: the
// record is refused. A tick is a value as well as the lane's time. Allocates only while its buffers grow. Not for use by two threads at a
// time.
std::unique_ptr<Decoder<LagEvent>> make_lag_decoder(const LagDecoderOptions& options = {});

}  // namespace headroom
