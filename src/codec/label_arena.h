#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "headroom/lag.h"

namespace headroom::codec {

// Room for sets of labels that live until reset(). Blocks are kept, so a second round of the same size allocates nothing.
class LabelArena {
 public:
  // `size` labels that lie together.
  std::span<LagLabel> take(size_t size) {
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const size_t room = size < kBlockLabels ? kBlockLabels : size;
      blocks_.push_back({std::make_unique<LagLabel[]>(room), room});
      used_ = 0;
    }
    const std::span<LagLabel> taken(blocks_[current_].labels.get() + used_, size);
    used_ += size;
    return taken;
  }

  void reset() {
    current_ = 0;
    used_ = 0;
  }

 private:
  static constexpr size_t kBlockLabels = 2048;
  struct Block {
    std::unique_ptr<LagLabel[]> labels;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t current_ = 0;
  size_t used_ = 0;  // of the current block
};

}  // namespace headroom::codec
