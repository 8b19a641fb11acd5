#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace headroom::codec {

// Copies of strings that live until reset(). Blocks are kept, so a second round of the same size allocates nothing.
class ByteArena {
 public:
  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* at = take(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  // The first, the character between them, the second. None may be empty.
  std::string_view join(std::string_view first, char between, std::string_view second) {
    char* at = take(first.size() + 1 + second.size());
    std::memcpy(at, first.data(), first.size());
    at[first.size()] = between;
    std::memcpy(at + first.size() + 1, second.data(), second.size());
    return {at, first.size() + 1 + second.size()};
  }

  void reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
  char* take(size_t size) {
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const size_t room = std::max(kBlockBytes, size);
      blocks_.push_back({std::make_unique<char[]>(room), room});
      used_ = 0;
    }
    char* at = blocks_[current_].bytes.get() + used_;
    used_ += size;
    return at;
  }

  static constexpr size_t kBlockBytes = size_t{64} * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t current_ = 0;
  size_t used_ = 0;  // of the current block
};

}  // namespace headroom::codec
