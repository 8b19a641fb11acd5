#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace headroom::codec {

// Runs of T that live until reset(). Blocks are kept, so a second round of the same size allocates nothing.
template <class T, size_t kBlockSize>
class BlockArena {
 public:
  // `size` of them that lie together, as whoever had them before left them.
  std::span<T> take(size_t size) {
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const size_t room = std::max(kBlockSize, size);
      blocks_.push_back({std::make_unique<T[]>(room), room});
      used_ = 0;
    }
    const std::span<T> taken(blocks_[current_].items.get() + used_, size);
    used_ += size;
    return taken;
  }

  void reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<T[]> items;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t current_ = 0;
  size_t used_ = 0;  // of the current block
};

}  // namespace headroom::codec
