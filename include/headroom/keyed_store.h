#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/bytes.h"
#include "headroom/operator.h"
#include "headroom/slab_arena.h"
#include "headroom/slot_index.h"
#include "headroom/state.h"
#include "headroom/state_store.h"

namespace headroom {

// What a store must know of a State to keep it as plain bytes of memory.
struct StateType {
  uint32_t version = 1;
  size_t size = 0;
  void (*construct)(void* at) = nullptr;
  void (*destroy)(void* at) = nullptr;
  void (*save)(const void* state, ByteWriter& writer) = nullptr;
  bool (*load)(void* state, std::string_view bytes, uint64_t& dropped) = nullptr;
  bool fields_are_distinct = true;
};

template <class State>
StateType state_type(uint32_t version) {
  static_assert(alignof(State) <= 64, "a State is aligned to a cache line at most");
  static_assert(state_internal::HasOwnForm<State> || state_internal::HasFields<State>,
                "a State lists its fields: auto fields() { return std::tie(first, second); }");
  StateType type;
  type.version = version;
  type.size = sizeof(State);
  type.construct = [](void* at) { ::new (at) State{}; };
  type.destroy = [](void* at) { static_cast<State*>(at)->~State(); };
  type.save = [](const void* state, ByteWriter& writer) { save_state(*static_cast<const State*>(state), writer); };
  type.load = [](void* state, std::string_view bytes, uint64_t& dropped) {
    return load_state(*static_cast<State*>(state), bytes, dropped);
  };
  if constexpr (state_internal::HasFields<State>) type.fields_are_distinct = state_internal::fields_are_distinct<State>();
  return type;
}

// The states of one operator in one lane, by key. States live in slots, 32 to a page; a page's memory is one slab that is never moved, so a
// state stays where it was made. A new key takes the lowest free slot: the layout is a function of the inputs, restored or not. One thread.
//
// A state is forgotten when the lane's time reaches its last touch + idle_ms: at once for whoever touches it (it is as new), in memory when
// the sweep, which looks at one slot an input, comes by. A state last touched before the lane had any time waits for its next touch.
class KeyedStore final : public StateStore {
 public:
  static constexpr uint32_t kPageSlots = 32;
  static constexpr uint32_t kNone = SlotIndex::kNone;
  static constexpr int64_t kNoTime = INT64_MIN;

  KeyedStore(std::string name, const StateType& type, int64_t idle_ms, uint64_t max_keys);
  ~KeyedStore() override;
  KeyedStore(const KeyedStore&) = delete;
  KeyedStore& operator=(const KeyedStore&) = delete;

  // One input in three steps, some inputs apart, so that memory comes in time: prefetch(hash); candidate(hash); touch(). Only touch changes
  // anything or is needed at all.
  static uint64_t hash(const StateKey& key);
  void prefetch(uint64_t hash) const { index_.prefetch(hash); }
  // A slot that may hold the key, on its way into the cache; kNone when there is none for sure.
  uint32_t candidate(uint64_t hash) const {
    const uint32_t slot = index_.find(hash, [](uint32_t) { return true; });
    if (slot != kNone) {
      const std::byte* at = slot_at(slot);
      __builtin_prefetch(&meta_at(slot));
      __builtin_prefetch(at);
      __builtin_prefetch(at + kKeyBytes);
    }
    return slot;
  }
  // The state in a slot, of whatever key; null when the slot is free.
  const void* peek(uint32_t slot) const { return slot < slot_count() && live(slot) ? slot_at(slot) + kKeyBytes : nullptr; }
  // The key's state, made anew when there is none or the last has been idle too long; null when there are max_keys already. `now` is the
  // lane's time with this input; it never falls.
  void* touch(const StateKey& key, uint64_t hash, uint32_t candidate, int64_t now) {
    sweep_one(now);
    uint32_t slot = candidate;
    if (slot == kNone || !holds(slot, key)) [[unlikely]] {
      slot = index_.find(hash, [&](uint32_t at) { return holds(at, key); });
      if (slot == kNone) return insert(key, hash, now);
    }
    SlotMeta& meta = meta_at(slot);
    if (meta.mark != mark_) [[unlikely]]
      first_touch(slot);
    if (idle(meta.last_touch, now)) [[unlikely]]
      renew(slot);
    meta.last_touch = now;
    return slot_at(slot) + kKeyBytes;
  }

  // The key's state as it is, untouched; null when there is none or it has been idle too long.
  const void* find(const StateKey& key, int64_t now) const {
    const uint32_t slot = index_.find(hash(key), [&](uint32_t at) { return holds(at, key); });
    return slot == kNone || idle(meta_at(slot).last_touch, now) ? nullptr : slot_at(slot) + kKeyBytes;
  }

  // Calls visit(key, state) for every state, by slot, and forgets on the way those that have been idle too long at `now`. All count as
  // changed, none as touched.
  template <class Visit>
  void visit_all(int64_t now, Visit&& visit) {
    for (uint32_t slot = 0; slot < slot_count(); ++slot) {
      if (!live(slot)) continue;
      if (idle(meta_at(slot).last_touch, now)) {
        forget(slot);
        continue;
      }
      if (meta_at(slot).mark != mark_) first_touch(slot);
      visit(key_of(slot), static_cast<void*>(slot_at(slot) + kKeyBytes));
    }
  }

  std::string_view name() const override { return name_; }
  uint32_t version() const override { return type_.version; }
  uint64_t key_count() const override { return index_.size(); }
  uint32_t page_count() const override { return static_cast<uint32_t>(pages_.size()); }

  void begin_snapshot(bool whole) override;
  bool snapshotting() const override;
  std::optional<PageImage> next_page(size_t budget_bytes) override;
  bool snapshot_finished() const override;
  void end_snapshot(bool confirmed) override;
  size_t copied_bytes() const override;

  // What the pages to be loaded must add up to, from the lane's core.
  void expect(uint32_t pages, uint64_t keys, uint32_t sweep_slot);
  Status load_page(uint32_t page, std::string_view bytes) override;
  Status finish_load() override;
  uint64_t dropped_fields() const override { return dropped_fields_; }

  // The slot that the sweep looks at next; part of the lane's core.
  uint32_t sweep_slot() const { return sweep_; }
  // As new: no states.
  void clear();

 private:
  struct Snapshot;
  struct SlotMeta {
    int64_t last_touch = kNoTime;
    uint32_t mark = 0;  // of the snapshot since whose begin the slot was touched
    uint32_t unused = 0;
  };
  // A slab is the metas of its slots, then the slots: the key in one cache line, then the state.
  struct Page {
    std::byte* slab = nullptr;
    uint32_t live = 0;     // a bit a slot
    bool dirty = false;    // changed since the last snapshot began
    bool waiting = false;  // its turn in the running snapshot has not come or is not over
  };
  struct SlotKey {
    static constexpr size_t kNear = 56;
    uint32_t first_size;
    uint32_t second_size;
    union {
      char near[kNear];
      char* far;
    };
    size_t size() const { return size_t{first_size} + second_size; }
    const char* bytes() const { return size() <= kNear ? near : far; }
  };
  // A slot as it stands in a page's bytes.
  struct SlotBytes {
    uint32_t in_page = 0;
    uint64_t hash = 0;
    int64_t last_touch = 0;
    StateKey key;
    std::string_view state;
  };
  static constexpr size_t kKeyBytes = 64;
  static_assert(sizeof(SlotKey) == kKeyBytes);
  static constexpr size_t kMetaBytes = kPageSlots * sizeof(SlotMeta);

  uint32_t slot_count() const { return static_cast<uint32_t>(pages_.size()) * kPageSlots; }
  bool live(uint32_t slot) const { return (pages_[slot / kPageSlots].live >> (slot % kPageSlots) & 1) != 0; }
  SlotMeta& meta_at(uint32_t slot) const { return reinterpret_cast<SlotMeta*>(pages_[slot / kPageSlots].slab)[slot % kPageSlots]; }
  std::byte* slot_at(uint32_t slot) const { return pages_[slot / kPageSlots].slab + kMetaBytes + (slot % kPageSlots) * stride_; }
  SlotKey& key_at(uint32_t slot) const { return *reinterpret_cast<SlotKey*>(slot_at(slot)); }
  StateKey key_of(uint32_t slot) const {
    const SlotKey& key = key_at(slot);
    return {{key.bytes(), key.first_size}, {key.bytes() + key.first_size, key.second_size}};
  }
  bool holds(uint32_t slot, const StateKey& key) const {
    if (slot >= slot_count() || !live(slot)) return false;
    const SlotKey& held = key_at(slot);
    if (held.first_size != key.first.size() || held.second_size != key.second.size()) return false;
    const char* bytes = held.bytes();
    return (key.first.empty() || std::memcmp(bytes, key.first.data(), key.first.size()) == 0) &&
           (key.second.empty() || std::memcmp(bytes + key.first.size(), key.second.data(), key.second.size()) == 0);
  }
  // last_touch + idle_ms <= now, without overflow: idle_ms is not negative and now never below last_touch.
  bool idle(int64_t last_touch, int64_t now) const {
    return last_touch != kNoTime && static_cast<uint64_t>(now) - static_cast<uint64_t>(last_touch) >= static_cast<uint64_t>(idle_ms_);
  }
  void sweep_one(int64_t now) {
    if (pages_.empty()) return;
    if (live(sweep_) && idle(meta_at(sweep_).last_touch, now)) [[unlikely]]
      forget(sweep_);
    if (++sweep_ == slot_count()) sweep_ = 0;
  }

  void* insert(const StateKey& key, uint64_t hash, int64_t now);
  void first_touch(uint32_t slot);
  void renew(uint32_t slot);
  void forget(uint32_t slot);
  uint32_t lowest_free();
  void make_slab(Page& page);
  void free_slab(Page& page);
  void write_key(uint32_t slot, const StateKey& key);
  void destroy_slot(uint32_t slot);
  void set_free(uint32_t page, bool has_free);
  void append_slot(uint32_t slot, std::string& out) const;
  bool read_slot(ByteReader& reader, SlotBytes& slot);
  bool load_slot(uint32_t page, const SlotBytes& bytes);
  const std::string name_;
  const StateType type_;
  const int64_t idle_ms_;
  const uint64_t max_keys_;
  const size_t stride_;
  SlabArena slabs_;
  std::vector<Page> pages_;
  SlotIndex index_;
  std::vector<uint64_t> free_pages_;  // a bit a page that has a free slot
  size_t first_free_word_ = 0;        // no bit is set in the words before
  uint32_t mark_ = 1;
  uint32_t sweep_ = 0;
  std::vector<uint32_t> dirty_pages_;
  std::unique_ptr<Snapshot> snapshot_;  // under way, or what is left of the last one
  uint64_t dropped_fields_ = 0;
  struct Expected {
    uint32_t pages;
    uint64_t keys;
    uint32_t sweep_slot;
  };
  std::optional<Expected> expected_;
};

}  // namespace headroom
