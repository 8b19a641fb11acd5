#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace headroom {

// From a 64-bit hash to slots: open addressing with linear probing over eight-byte cells, eight to a cache line, so that one prefetch
// brings a whole probe. The upper half of the hash stands in the cell: its top bits are the cell's home, the rest tells keys apart. Growing
// moves cells in order, front to back: a few milliseconds for a million keys.
class SlotIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  SlotIndex() { clear(); }

  void prefetch(uint64_t hash) const { __builtin_prefetch(&cells_[home(fingerprint(hash))]); }

  // The first slot of this hash for which `is_it(slot)` holds; kNone when there is none.
  template <class IsIt>
  uint32_t find(uint64_t hash, IsIt&& is_it) const {
    const uint32_t wanted = fingerprint(hash);
    for (size_t at = home(wanted); cells_[at].slot != kNone; at = (at + 1) & mask_)
      if (cells_[at].fingerprint == wanted && is_it(cells_[at].slot)) return cells_[at].slot;
    return kNone;
  }

  // The slot must not be in the index yet.
  void insert(uint64_t hash, uint32_t slot) {
    if ((size_ + 1) * 4 > cells_.size() * 3) grow();
    place({fingerprint(hash), slot});
    ++size_;
  }

  // The slot must be in the index under this hash.
  void erase(uint64_t hash, uint32_t slot) {
    size_t hole = home(fingerprint(hash));
    while (cells_[hole].slot != slot) hole = (hole + 1) & mask_;
    // Cells behind the hole whose home is not behind it move up, so that no probe ends early.
    for (size_t at = (hole + 1) & mask_; cells_[at].slot != kNone; at = (at + 1) & mask_) {
      if (((at - home(cells_[at].fingerprint)) & mask_) < ((at - hole) & mask_)) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole].slot = kNone;
    --size_;
  }

  size_t size() const { return size_; }

  void clear() {
    size_ = 0;
    resize(kLeastCells);
  }

 private:
  struct Cell {
    uint32_t fingerprint = 0;
    uint32_t slot = kNone;
  };
  static constexpr size_t kLeastCells = 64;

  static uint32_t fingerprint(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  size_t home(uint32_t fingerprint) const { return fingerprint >> shift_; }

  void resize(size_t cells) {
    cells_.assign(cells, Cell());
    mask_ = cells - 1;
    shift_ = 32 - __builtin_ctzll(cells);
  }
  void place(Cell cell) {
    size_t at = home(cell.fingerprint);
    while (cells_[at].slot != kNone) at = (at + 1) & mask_;
    cells_[at] = cell;
  }
  void grow() {
    std::vector<Cell> old = std::exchange(cells_, {});
    resize(old.size() * 2);
    for (const Cell& cell : old)
      if (cell.slot != kNone) place(cell);
  }

  std::vector<Cell> cells_;
  size_t mask_ = 0;
  size_t size_ = 0;
  int shift_ = 0;
};

}  // namespace headroom
