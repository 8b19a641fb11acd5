#pragma once
// The wire formats of Headroom's topics: bytes to samples, actions to bytes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/action.h"
#include "headroom/decoder.h"
#include "headroom/encoder.h"
#include "headroom/sample.h"
#include "headroom/scale.h"
#include "headroom/status.h"

namespace headroom {

// Why a record or a sample was refused. Where more than one holds, it is the first found: of a record in the order of the first group, of a
// sample in the order target, metric, time_ms, value, labels, and of each of these in the order below.
namespace reject_reason {
// The whole record.
inline constexpr std::string_view kEmpty = "empty";                  // no bytes (a tombstone)
inline constexpr std::string_view kNotUtf8 = "not_utf8";             // invalid UTF-8 anywhere
inline constexpr std::string_view kTooDeep = "too_deep";             // nested beyond 64 levels
inline constexpr std::string_view kNotJson = "not_json";             // anything else that is not one JSON value
inline constexpr std::string_view kArrayTooLong = "array_too_long";  // more elements than max_array
// A sample (a tick: kWrongType and the times).
inline constexpr std::string_view kMissingTarget = "missing_target";
inline constexpr std::string_view kMissingMetric = "missing_metric";
inline constexpr std::string_view kMissingTime = "missing_time";
inline constexpr std::string_view kMissingValue = "missing_value";
inline constexpr std::string_view kWrongType = "wrong_type";  // not an object; a known member or label of another type, null among them
inline constexpr std::string_view kEmptyTarget = "empty_target";
inline constexpr std::string_view kEmptyMetric = "empty_metric";
inline constexpr std::string_view kStringTooLong = "string_too_long";       // a kept string beyond max_string_bytes
inline constexpr std::string_view kControlCharacter = "control_character";  // U+0000 to U+001F or U+007F in a kept string
inline constexpr std::string_view kTimeNotInteger = "time_not_integer";     // a number with fraction or exponent, or beyond 64 bits
inline constexpr std::string_view kTimeBefore2000 = "time_before_2000";     //
inline constexpr std::string_view kTimeAhead = "time_ahead";  // beyond max_ahead_ms of the record's timestamp, or the year 9998
inline constexpr std::string_view kNotFinite = "not_finite";  // NaN, Infinity or -Infinity as such; a number that overflows, as 1e999
inline constexpr std::string_view kNegativeReservation = "negative_reservation";
inline constexpr std::string_view kValueOutOfRange = "value_out_of_range";  // beyond the metric's limits: metric_limits()
}  // namespace reject_reason

// The least and the largest value that a sample of the metric may have. Within them micro-cores and bytes fit into 64 bits, and a million
// values can be summed.
struct MetricLimits {
  double least;
  double most;
};
MetricLimits metric_limits(Metric metric);

// The metric of this name; kOther for a name that Headroom does not know.
Metric metric_named(std::string_view name);
// The name of a known metric; empty for kOther.
std::string_view metric_name(Metric metric);

struct SampleDecoderOptions {
  size_t max_string_bytes = 512;          // of target, metric and each known label
  int64_t max_ahead_ms = 10 * 60 * 1000;  // a sample's time beyond its record's timestamp; no limit when the record has none
  size_t max_array = 100'000;             // elements of one record
  bool scan_first = true;                 // off: each record goes through simdjson, for tests and benches. The results are the same
};

// Decodes the values of `headroom.samples`: one Sample object, an array of them, or ticks (an object with `tick_ms` and neither `target`
// nor `metric`) in either place.
//
// The record must be one valid JSON value in UTF-8, or all of it is refused; a bad element of a valid array costs that element alone.
// Unknown members and labels are ignored, of a member that comes twice the last one counts ("env" and "environment" are one label). Values
// are the doubles nearest to their text, negative zero is zero. NaN, Infinity and -Infinity, which some writers put into JSON, are taken as
// values that are not finite, so that they cost their sample and not its neighbours.
//
// Compact ASCII records with no escapes are decoded in place, and their samples' views point into the record; all others are parsed with
// simdjson and copied. Allocates only while its buffers grow. Not for use by two threads at a time.
std::unique_ptr<Decoder<Sample>> make_sample_decoder(const SampleDecoderOptions& options = {});

inline constexpr std::string_view kResizeType = "io.headroom.action.resize.v1";

// A resize command as a CloudEvent in structured mode: compact JSON whose members stand in a fixed order, the same bytes for the same
// action and envelope on every machine. The key is the target; the headers `type` and `subject` let consumers filter without parsing.
//
// Cores and ratios are decimals of at most six places ("1.0", "0.86"), bytes are integers. A target that has not the four parts
// cluster/namespace/kind/name stands whole in data.target.name; a fifth part and more belong to the name. `bounds.upper` is null when
// nothing bounds it, `guard.max_step_ratio` is left out when it is zero, and the evidence of an oom_kill has no lying factor, band and
// mean. `id` is the XXH3 of source, lane, incarnation, type, subject, resource and decision time, in 16 hex digits: a replay gives the same
// one.
void encode_resize(const ResizeAction& action, const Envelope& envelope, Encoded& out);

inline constexpr std::string_view kScaleType = "io.headroom.action.scale.v1";

// A scale command, as encode_resize writes a resize: `data.desired.replicas` consumers of the target, of which more than `data.max_useful`
// would get nothing to read. The subject is the target; `id` also depends on the group. Rates are decimals in records a second,
// `evidence.max_lag` is left out when it is not known.
void encode_scale(const ScaleAction& action, const Envelope& envelope, Encoded& out);

// What a person asks of a command found on the action topic.
struct ActionSummary {
  std::string id;
  std::string source;
  std::string type;
  std::string subject;
  std::string partitionkey;
  std::string lane;
  uint64_t sequence = 0;
  int64_t time_ms = 0;
  int64_t expiry_ms = 0;
  std::string action;
  std::string resource;
  std::string mode;
  std::string code;
  std::string message;
  int64_t current = 0;  // micro-cores, bytes or consumers, as resource (cpu, memory, replicas) says
  int64_t desired = 0;
  std::vector<std::pair<std::string, std::string>> evidence;  // name and JSON text, in the order of the record
};

// Reads a resize or scale command; not for hot paths. kInvalid with the member that is missing or wrong.
Result<ActionSummary> parse_action(std::string_view json);

}  // namespace headroom
