#include "headroom/keyed_store.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "engine/store_snapshot.h"

namespace headroom {
namespace {

// Slots an odd number of cache lines apart, so that the keys of a slab do not fall into the same few cache sets.
size_t stride_of(size_t key_bytes, size_t state_bytes) {
  const size_t stride = (key_bytes + state_bytes + 63) / 64 * 64;
  return stride > 512 && stride / 64 % 2 == 0 ? stride + 64 : stride;
}

}  // namespace

KeyedStore::KeyedStore(std::string name, const StateType& type, int64_t idle_ms, uint64_t max_keys)
    : name_(std::move(name)),
      type_(type),
      idle_ms_(std::max<int64_t>(idle_ms, 0)),
      max_keys_(std::min<uint64_t>(max_keys, uint64_t{1} << 31)),
      stride_(stride_of(kKeyBytes, type.size)),
      slabs_(kMetaBytes + kPageSlots * stride_),
      snapshot_(std::make_unique<Snapshot>()) {
  HEADROOM_CHECK(type_.fields_are_distinct);
}

KeyedStore::~KeyedStore() {
  clear();
}

uint64_t KeyedStore::hash(const StateKey& key) {
  const uint64_t first = hash_bytes(key.first);
  return key.second.empty() ? first : hash_bytes(key.second, first);
}

void KeyedStore::clear() {
  for (uint32_t slot = 0; slot < slot_count(); ++slot)
    if (live(slot)) destroy_slot(slot);
  slabs_.clear();
  pages_.clear();
  index_.clear();
  free_pages_.clear();
  first_free_word_ = 0;
  sweep_ = 0;
  dirty_pages_.clear();
  snapshot_ = std::make_unique<Snapshot>();
  dropped_fields_ = 0;
  expected_.reset();
}

void* KeyedStore::insert(const StateKey& key, uint64_t hash, int64_t now) {
  if (index_.size() >= max_keys_) return nullptr;
  const uint32_t slot = lowest_free();
  SlotMeta& meta = meta_at(slot);
  if (meta.mark != mark_) first_touch(slot);
  meta.last_touch = now;
  Page& page = pages_[slot / kPageSlots];
  page.live |= 1U << slot % kPageSlots;
  if (page.live == UINT32_MAX) set_free(slot / kPageSlots, false);
  write_key(slot, key);
  std::byte* state = slot_at(slot) + kKeyBytes;
  type_.construct(state);
  index_.insert(hash, slot);
  return state;
}

// The page counts as changed from here on; a running snapshot that has not come to this slot gets a copy of what it held.
void KeyedStore::first_touch(uint32_t slot) {
  const uint32_t number = slot / kPageSlots;
  Page& page = pages_[number];
  if (!page.dirty) {
    page.dirty = true;
    dirty_pages_.push_back(number);
  }
  SlotMeta& meta = meta_at(slot);
  if (page.waiting && live(slot) && snapshot_->waits_for(number, slot % kPageSlots)) {
    snapshot_->scratch.clear();
    append_slot(slot, snapshot_->scratch);
    snapshot_->copies[number].push_back({slot % kPageSlots, snapshot_->arena.keep(snapshot_->scratch)});
  }
  meta.mark = mark_;
}

void KeyedStore::renew(uint32_t slot) {
  std::byte* state = slot_at(slot) + kKeyBytes;
  type_.destroy(state);
  type_.construct(state);
}

void KeyedStore::forget(uint32_t slot) {
  if (meta_at(slot).mark != mark_) first_touch(slot);
  index_.erase(hash(key_of(slot)), slot);
  destroy_slot(slot);
  Page& page = pages_[slot / kPageSlots];
  page.live &= ~(1U << slot % kPageSlots);
  set_free(slot / kPageSlots, true);
  if (page.live == 0) free_slab(page);
}

void KeyedStore::destroy_slot(uint32_t slot) {
  type_.destroy(slot_at(slot) + kKeyBytes);
  SlotKey& key = key_at(slot);
  if (key.size() > SlotKey::kNear) delete[] key.far;
}

void KeyedStore::write_key(uint32_t slot, const StateKey& key) {
  SlotKey& held = key_at(slot);
  held.first_size = static_cast<uint32_t>(key.first.size());
  held.second_size = static_cast<uint32_t>(key.second.size());
  char* bytes = held.near;
  if (held.size() > SlotKey::kNear) bytes = held.far = new char[held.size()];
  std::copy(key.first.begin(), key.first.end(), bytes);
  std::copy(key.second.begin(), key.second.end(), bytes + key.first.size());
}

uint32_t KeyedStore::lowest_free() {
  while (first_free_word_ < free_pages_.size() && free_pages_[first_free_word_] == 0) ++first_free_word_;
  if (first_free_word_ == free_pages_.size()) {
    pages_.emplace_back();
    set_free(page_count() - 1, true);
  }
  const uint32_t number =
      static_cast<uint32_t>(first_free_word_ * 64) + static_cast<uint32_t>(__builtin_ctzll(free_pages_[first_free_word_]));
  Page& page = pages_[number];
  if (page.slab == nullptr) make_slab(page);
  return number * kPageSlots + static_cast<uint32_t>(__builtin_ctz(~page.live));
}

void KeyedStore::set_free(uint32_t page, bool has_free) {
  const size_t word = page / 64;
  if (word >= free_pages_.size()) free_pages_.resize(word + 1);
  const uint64_t bit = uint64_t{1} << page % 64;
  if (!has_free) {
    free_pages_[word] &= ~bit;
    return;
  }
  free_pages_[word] |= bit;
  first_free_word_ = std::min(first_free_word_, word);
}

void KeyedStore::make_slab(Page& page) {
  page.slab = slabs_.take();
  auto* metas = reinterpret_cast<SlotMeta*>(page.slab);
  std::uninitialized_fill_n(metas, kPageSlots, SlotMeta());
}

void KeyedStore::free_slab(Page& page) {
  slabs_.give(page.slab);
  page.slab = nullptr;
}

}  // namespace headroom
