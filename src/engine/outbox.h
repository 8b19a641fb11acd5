#pragma once

#include <cstddef>
#include <vector>

#include "headroom/out_record.h"

namespace headroom {

// What a record takes in memory, about.
inline size_t bytes_of(const OutRecord& record) {
  size_t bytes = sizeof(OutRecord) + record.topic.size() + record.key.size() + record.value.size() + record.lane.size();
  for (const auto& [name, value] : record.headers) bytes += name.size() + value.size();
  return bytes;
}

// What batches gave rise to and is not yet sent.
struct Outbox {
  std::vector<OutRecord> records;
  size_t bytes = 0;  // of all of them

  void clear() {
    records.clear();
    bytes = 0;
  }
};

}  // namespace headroom
