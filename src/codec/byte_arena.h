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
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < bytes.size()) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const size_t size = std::max(kBlockBytes, bytes.size());
      blocks_.push_back({std::make_unique<char[]>(size), size});
      used_ = 0;
    }
    char* at = blocks_[current_].bytes.get() + used_;
    std::memcpy(at, bytes.data(), bytes.size());
    used_ += bytes.size();
    return {at, bytes.size()};
  }

  void reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
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
