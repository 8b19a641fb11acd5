#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "codec/block_arena.h"

namespace headroom::codec {

// Copies of strings that live until reset().
class ByteArena {
 public:
  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* at = arena_.take(bytes.size()).data();
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  // The first, the character between them, the second. None may be empty.
  std::string_view join(std::string_view first, char between, std::string_view second) {
    char* at = arena_.take(first.size() + 1 + second.size()).data();
    std::memcpy(at, first.data(), first.size());
    at[first.size()] = between;
    std::memcpy(at + first.size() + 1, second.data(), second.size());
    return {at, first.size() + 1 + second.size()};
  }

  void reset() { arena_.reset(); }

 private:
  BlockArena<char, size_t{64} * 1024> arena_;
};

}  // namespace headroom::codec
