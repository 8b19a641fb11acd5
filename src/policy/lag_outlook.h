#pragma once

#include <cstdint>
#include <optional>

namespace headroom {

// Until a lag of so many records is gone at these rates (thousandths of a record a second), in ms, rounded up; 0 for no lag; nothing when
// it never will be or a rate is not known.
std::optional<int64_t> catch_up_ms(int64_t lag_records, std::optional<int64_t> produced_milli, std::optional<int64_t> consumed_milli);

// What is known of a partition whose records wait to be read and will be deleted.
struct Retention {
  std::optional<int64_t> retention_ms = {};     // absent: by size only, or not known
  std::optional<int64_t> retention_bytes = {};  // absent: by time only
  bool deletes = false;                         // the log's start was seen to move
  std::optional<int64_t> unread_age_ms = {};    // of the oldest record that waits
  int64_t records_before = 0;                   // from the log's start up to it
  std::optional<int64_t> produced_milli = {};
};

// Until the oldest unread record may be deleted: its age against the time that is allowed; and, where a size limits the log and its start
// was seen to move, how long the records before it last at the rate at which new ones push them out. The earlier of the two; 0 when it is
// due; nothing when neither is known.
std::optional<int64_t> loss_ms(const Retention& retention);

// Whether that is near: under 20 % of the time that records are kept, or under an hour; with less than two hours of retention half of it
// stands for the hour, or every unread record would be near.
bool near_retention(int64_t loss_ms, std::optional<int64_t> retention_ms);

}  // namespace headroom
