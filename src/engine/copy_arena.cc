#include "engine/copy_arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace headroom {

CopyArena::~CopyArena() {
  for (uint32_t block = 0; block < blocks_.size(); ++block)
    if (blocks_[block].data != nullptr) unmap(block);
}

CopyArena::Copy CopyArena::keep(std::string_view bytes) {
  HEADROOM_CHECK(bytes.size() <= UINT32_MAX);
  if (!has_open_ || blocks_[open_].size - blocks_[open_].used < bytes.size()) open_block(bytes.size());
  Block& block = blocks_[open_];
  char* at = block.data + block.used;
  std::memcpy(at, bytes.data(), bytes.size());
  block.used += bytes.size();
  ++block.copies;
  bytes_ += bytes.size();
  return {open_, static_cast<uint32_t>(bytes.size()), at};
}

void CopyArena::give_back(const Copy& copy) {
  Block& block = blocks_[copy.block];
  bytes_ -= copy.size;
  if (--block.copies > 0) return;
  if (has_open_ && copy.block == open_)
    block.used = 0;
  else
    unmap(copy.block);
}

void CopyArena::forget_all() {
  spare_.clear();
  has_open_ = false;
  bytes_ = 0;
  for (uint32_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].data == nullptr) continue;
    blocks_[block].used = blocks_[block].copies = 0;
    spare_.push_back(block);
  }
}

void CopyArena::release_one() {
  if (spare_.empty()) return;
  unmap(spare_.back());
  spare_.pop_back();
}

void CopyArena::open_block(size_t least_bytes) {
  // What was open and holds nothing any more would be forgotten here otherwise.
  if (has_open_ && blocks_[open_].copies == 0) unmap(open_);
  has_open_ = true;
  if (!spare_.empty() && blocks_[spare_.back()].size >= least_bytes) {
    open_ = spare_.back();
    spare_.pop_back();
    return;
  }
  if (unmapped_.empty()) {
    unmapped_.push_back(static_cast<uint32_t>(blocks_.size()));
    blocks_.emplace_back();
  }
  open_ = unmapped_.back();
  unmapped_.pop_back();
  const size_t size = std::max(least_bytes, kBlockBytes);
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  HEADROOM_CHECK(data != MAP_FAILED);
  blocks_[open_] = {static_cast<char*>(data), size, 0, 0};
}

void CopyArena::unmap(uint32_t block) {
  ::munmap(blocks_[block].data, blocks_[block].size);
  blocks_[block] = {};
  unmapped_.push_back(block);
}

}  // namespace headroom
