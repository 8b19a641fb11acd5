#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "headroom/bytes.h"
#include "headroom/lag.h"

namespace headroom {

// What is kept of a partition's latest sample. Its bytes are few: offsets stand as their distance from the end, times from when they were
// observed.
struct LagSeen {
  int64_t observed_ms = 0;  // 0: there was no sample
  std::optional<int64_t> committed_offset;
  std::optional<int64_t> log_start_offset;
  std::optional<int64_t> end_offset;
  std::optional<int64_t> last_stable_offset;
  std::optional<int64_t> consumed_time_ms;
  std::optional<int64_t> end_time_ms;
  std::optional<int64_t> unread_time_ms;
  std::optional<int64_t> open_transaction_ms;
  std::optional<int64_t> retention_ms;
  std::optional<int64_t> retention_bytes;
  std::optional<int64_t> lost_records;
  std::optional<int64_t> members;
  std::optional<bool> assigned;
  int64_t error_ms = 0;  // of the difference of the two times
  LagQuality quality = LagQuality::kUnknown;
  uint8_t group_state = 0;  // see group_state_text

  static LagSeen of(const LagSample& sample);

  // Where the group's reading would end: the last stable offset, or the log's end where that is not known.
  std::optional<int64_t> readable_end() const { return last_stable_offset ? last_stable_offset : end_offset; }
  // Records that can be read and were not. Those deleted before they were read do not count: they are lost, not late.
  std::optional<int64_t> lag_records() const;
  // Whether a data record stands between committed and readable end; transaction markers, and what compaction took, do not.
  bool data_waits() const;
  // Time of the most recent record less time of the last consumed one, never below zero; where no record before the committed offset is
  // left, less time of the first that waits.
  std::optional<int64_t> lag_ms() const;

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);
};

// Kafka's words for a group's state, by number: 0 is the empty text, which stands for all that are not known.
uint8_t group_state_code(std::string_view text);
std::string_view group_state_text(uint8_t code);
inline constexpr std::string_view kStableGroup = "Stable";

}  // namespace headroom
