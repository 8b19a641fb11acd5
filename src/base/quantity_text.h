#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "headroom/status.h"

// Sizes in bytes as people write them. Independent of locale; any thread.
namespace headroom {

// The largest binary unit that divides the size: "64MiB", "1536KiB", "1000B", "0B". parse_bytes reads it back. `bytes` is not negative.
std::string format_bytes(int64_t bytes);

// Reads a number with B, KiB, MiB, GiB, TiB (powers of 1024) or kB, KB, MB, GB, TB (powers of 1000), or without a unit for bytes: "64MiB",
// "1.5GiB", "1024". kInvalid for anything else, for what is not a whole number of bytes and for what does not fit into 63 bits.
Result<int64_t> parse_bytes(std::string_view text);

}  // namespace headroom
