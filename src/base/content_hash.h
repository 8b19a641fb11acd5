#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"

namespace headroom {

// XXH3, 128 bits, of bytes that come in pieces: what files and weights are named by. `xxhsum -H2 FILE` gives the same.
class ContentHash {
 public:
  ContentHash() { XXH3_128bits_reset(&state_); }
  void add(std::string_view bytes) { XXH3_128bits_update(&state_, bytes.data(), bytes.size()); }
  // 32 hexadecimal digits.
  std::string text() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&state_));
    std::string out;
    for (const unsigned char byte : bytes.digest) {
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
    return out;
  }

 private:
  XXH3_state_t state_;
};

}  // namespace headroom
