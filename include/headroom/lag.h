#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace headroom {

// How well a lag sample's times are known: read from the records themselves; within a second; within `..._error_ms`; not at all.
enum class LagQuality : uint8_t { kUnknown, kBracketed, kInterpolated, kExact };

struct LagLabel {
  std::string_view name;
  std::string_view value;
};

// One consumer group on one partition, as a source saw it: a record of `headroom.lag`.
//
// All views point into the record (or the decoder's arena) and are valid only while its batch is being processed. What is not known is
// absent; nothing is ever negative. `observed_ms` is Unix time by the source's clock, all other times are broker timestamps of records.
struct LagSample {
  std::string_view cluster;
  std::string_view group;
  std::string_view topic;
  int32_t partition = 0;
  std::string_view source;  // who observed it
  uint64_t seq = 0;         // of the source's cycle: all samples of a cycle and its ticks have the same
  int64_t observed_ms = 0;
  std::optional<int64_t> committed_offset;    // absent: the group has committed nothing here
  std::optional<int64_t> log_start_offset;    // absent, with the two below: the partition is not available
  std::optional<int64_t> end_offset;          // high watermark
  std::optional<int64_t> last_stable_offset;  // where a read_committed consumer ends
  std::optional<int64_t> consumed_time_ms;    // of the last record before the committed offset
  std::optional<int64_t> end_time_ms;         // of the last record before the last stable offset (the end, for read_uncommitted groups)
  std::optional<int64_t> unread_time_ms;      // of the first record at or after the committed offset; absent also when there is none
  int64_t consumed_time_error_ms = 0;         // the time is within this of the true one
  int64_t end_time_error_ms = 0;
  LagQuality quality = LagQuality::kUnknown;   // of the worse of the two times
  std::string_view topic_id;                   // empty: the client cannot tell
  std::string_view group_state;                // Kafka's word: Stable, Empty, Dead, ...; empty: cannot be described
  std::optional<int32_t> members;              // absent: cannot be described, which is not none
  std::optional<bool> assigned;                // whether a member has this partition; absent: cannot be told
  std::optional<int64_t> open_transaction_ms;  // age of the oldest transaction that holds the last stable offset back
  std::optional<int64_t> retention_ms;         // of the topic; absent: unlimited or not known
  std::optional<int64_t> retention_bytes;
  std::optional<int64_t> lost_records;  // deleted before the group read them: log start - committed
  std::optional<int64_t> skew_ms;       // how far end_time_ms is ahead of observed_ms, when it is
  std::span<const LagLabel> labels;     // by name
  // What states are keyed by, as the decoder joins it: cluster and group, topic and partition, a '\x1f' between them. Not on the wire.
  std::string_view group_key;
  std::string_view partition_key;
};

// A source says what time it is, after all samples of a cycle, to every partition: the only clock that judges.
struct LagTick {
  std::string_view source;
  int64_t tick_ms = 0;
  int64_t interval_ms = 0;
  uint64_t seq = 0;
};

// Something about a group's consumers that an alert should mention: how they do for CPU.
struct LagContext {
  std::string_view cluster;
  std::string_view group;
  std::string_view target;                   // cluster/namespace/kind/name of the consumers
  std::optional<double> lying_factor_cores;  // reserved - used; negative: they use more than they reserve
  std::optional<double> cpu_used_ratio;      // used / reserved
  std::string_view host;                     // the busiest one
  std::optional<double> host_cpu_ratio;      // its CPU in use, 0 to 1
};

// A group is no longer watched: deleted, or without offsets or unseen for too long.
struct LagForgotten {
  std::string_view cluster;
  std::string_view group;
  std::string_view reason;  // deleted | unseen
};

enum class LagKind : uint8_t { kSample, kTick, kContext, kForgotten };

// A record of `headroom.lag`. Only the member that `kind` names is set.
struct LagEvent {
  LagKind kind = LagKind::kSample;
  int64_t time_ms = 0;  // observed_ms, tick_ms or the context's time_ms
  LagSample sample;
  LagTick tick;
  LagContext context;
  LagForgotten forgotten;

  // See headroom/operator.h: these are for all states.
  bool ends_chunk() const { return kind == LagKind::kTick || kind == LagKind::kForgotten; }
};

}  // namespace headroom
