#include "headroom/slab_arena.h"

#include <sys/mman.h>

#include <new>

namespace headroom {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = 2 << 20;
constexpr size_t kLargestChunk = 2 * kHugePage;

}  // namespace

SlabArena::SlabArena(size_t slab_bytes) : slab_bytes_((slab_bytes + kCacheLine - 1) / kCacheLine * kCacheLine) {}

std::byte* SlabArena::take() {
  if (!free_.empty()) {
    std::byte* slab = free_.back();
    free_.pop_back();
    return slab;
  }
  if (next_ == end_) add_chunk();
  std::byte* slab = next_;
  next_ += slab_bytes_;
  return slab;
}

// A store of a few states takes the room of a few; only what is large anyway is rounded up to whole huge pages.
void SlabArena::add_chunk() {
  size_t slabs = next_chunk_slabs_;
  size_t bytes = slabs * slab_bytes_;
  const bool huge = bytes >= kHugePage;
  if (huge) {
    bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    slabs = bytes / slab_bytes_;
  }
  const size_t align = huge ? kHugePage : kCacheLine;
  chunks_.push_back({static_cast<std::byte*>(::operator new(bytes, std::align_val_t(align))), align});
  next_ = chunks_.back().at;
  end_ = next_ + slabs * slab_bytes_;
  // Where the system has none to give, ordinary pages serve.
  if (huge) madvise(next_, bytes, MADV_HUGEPAGE);
  if (bytes < kLargestChunk) next_chunk_slabs_ = slabs * 2;
}

void SlabArena::clear() {
  for (const Chunk& chunk : chunks_) ::operator delete(chunk.at, std::align_val_t(chunk.align));
  chunks_.clear();
  free_.clear();
  next_ = end_ = nullptr;
  next_chunk_slabs_ = 1;
}

}  // namespace headroom
