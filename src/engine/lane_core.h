#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/lane_output.h"
#include "engine/task.h"

namespace headroom {

// What a checkpoint holds of a lane beside its pages. The order of the stores is that of PageId::store.
struct LaneCore {
  struct Store {
    std::string name;
    uint32_t version = 0;
    uint32_t pages = 0;
    uint64_t keys = 0;
    uint32_t sweep_slot = 0;
  };
  Progress progress;
  RejectBlock reject_block;
  std::vector<Store> stores;
};

std::string encode_core(const LaneCore& core);
// kCorrupt: bad bytes. kSchema: of a format that this binary does not know.
Result<LaneCore> decode_core(std::string_view bytes);

}  // namespace headroom
