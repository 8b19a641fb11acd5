#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace headroom {

// Memory for the old states that a snapshot copies, in blocks mapped one by one: a block goes back to the system when its last copy has
// been given back. An allocator that gives hundreds of megabytes back in one call would stall the loop for tens of milliseconds; here no
// call gives back more than the blocks of one page's copies.
class CopyArena {
 public:
  struct Copy {
    uint32_t block = 0;
    uint32_t size = 0;
    const char* data = nullptr;
    std::string_view bytes() const { return {data, size}; }
  };

  CopyArena() = default;
  ~CopyArena();
  CopyArena(const CopyArena&) = delete;
  CopyArena& operator=(const CopyArena&) = delete;

  Copy keep(std::string_view bytes);
  void give_back(const Copy& copy);
  // Forgets all copies; their blocks are kept for the next ones, and given back by release_one().
  void forget_all();
  void release_one();

  size_t bytes() const { return bytes_; }                                     // of the copies held
  size_t mapped_blocks() const { return blocks_.size() - unmapped_.size(); }  // spare ones among them

 private:
  struct Block {
    char* data = nullptr;
    size_t size = 0;
    size_t used = 0;
    size_t copies = 0;
  };
  static constexpr size_t kBlockBytes = 1 << 20;

  void open_block(size_t least_bytes);
  void unmap(uint32_t block);

  std::vector<Block> blocks_;
  std::vector<uint32_t> spare_;     // mapped, without copies
  std::vector<uint32_t> unmapped_;  // places in blocks_ to be used again
  uint32_t open_ = 0;               // takes the next copies; valid when has_open_
  bool has_open_ = false;
  size_t bytes_ = 0;
};

}  // namespace headroom
