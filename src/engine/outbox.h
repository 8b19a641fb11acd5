#pragma once

#include <cstddef>
#include <vector>

#include "headroom/out_record.h"

namespace headroom {

// What batches gave rise to and is not yet sent.
struct Outbox {
  std::vector<OutRecord> records;
  size_t bytes = 0;

  void clear() {
    records.clear();
    bytes = 0;
  }
};

}  // namespace headroom
