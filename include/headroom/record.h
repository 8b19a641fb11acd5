#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace headroom {

using Partition = int32_t;
// A place in a partition's log. Offsets rise, with gaps (transaction markers, aborted ranges, compaction).
using Offset = int64_t;

// One record of an input log. The views are valid only while the batch that holds it is being processed.
struct Record {
  Offset offset = 0;
  int64_t timestamp_ms = -1;  // the broker's timestamp of the record; -1 when there is none
  std::string_view key;
  std::string_view value;
};

// One partition's records of one poll, in offset order.
struct Batch {
  Partition partition = 0;
  std::span<const Record> records;
  // Where the log goes on after these records: at least the last offset + 1, more where markers or holes follow.
  Offset position = 0;
};

}  // namespace headroom
