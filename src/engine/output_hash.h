#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace headroom {

// The running hash of a lane's records to one topic (OutputProgress::hash) after one more. `headers`: pairs of name and text, without those
// that tell the record's place in the lane.
template <class Headers>
uint64_t chain_output_hash(uint64_t hash, std::string_view key, std::string_view value, const Headers& headers, uint64_t sequence) {
  hash = hash_bytes(value, hash_bytes(key, hash));
  for (const auto& [name, text] : headers) hash = hash_bytes(text, hash_bytes(name, hash));
  return hash_mix(hash, sequence);
}

}  // namespace headroom
