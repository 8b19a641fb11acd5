#pragma once

#include <cstddef>
#include <vector>

namespace headroom {

// Memory for slabs of one size, 64-byte aligned, taken from the system in chunks that grow up to a few megabytes; large ones ask for huge
// pages, which spare a store of a million states most of its page faults and of its misses in the address cache. A slab given back is the
// next one taken; memory returns to the system with clear() only, so the most ever in use is what is held. One thread.
class SlabArena {
 public:
  explicit SlabArena(size_t slab_bytes);
  ~SlabArena() { clear(); }
  SlabArena(const SlabArena&) = delete;
  SlabArena& operator=(const SlabArena&) = delete;

  std::byte* take();
  void give(std::byte* slab) { free_.push_back(slab); }
  // All slabs must have been given back, or are given up.
  void clear();

 private:
  struct Chunk {
    std::byte* at;
    size_t align;
  };
  void add_chunk();

  const size_t slab_bytes_;
  std::vector<Chunk> chunks_;
  std::vector<std::byte*> free_;
  std::byte* next_ = nullptr;  // the rest of the last chunk
  std::byte* end_ = nullptr;
  size_t next_chunk_slabs_ = 1;
};

}  // namespace headroom
