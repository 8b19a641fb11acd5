#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/task.h"
#include "headroom/status.h"

namespace headroom {

// What a commit writes beside the offset C: enough to go on from C without the store. Text, under 4096 bytes.
struct OffsetMetadata {
  uint64_t incarnation = 1;
  uint64_t epoch = 0;     // counted by owners: each new owner's first commit writes the last one + 1
  std::string slot;       // of the owner, [A-Za-z0-9._-]
  uint64_t function = 0;  // hash of what the lane's function depends on beside its input
  Offset last_record_offset = -1;
  int64_t last_record_timestamp = -1;
  std::vector<OutputProgress> outputs;
};

inline constexpr size_t kMaxOffsetMetadata = 4095;

std::string encode_offset_metadata(const OffsetMetadata& metadata);
// kSchema: not ours (empty, foreign) or of a newer format. kCorrupt: ours, but broken.
Result<OffsetMetadata> decode_offset_metadata(std::string_view text);

}  // namespace headroom
