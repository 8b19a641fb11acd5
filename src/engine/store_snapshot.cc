#include "engine/store_snapshot.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"

namespace headroom {
namespace {

// What a slot costs to look at when it gives no bytes: keeps a walk over empty slots within the budget too.
constexpr size_t kSlotCost = 16;

template <class N>
void put(std::string& out, size_t at, N value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

void seal_page(std::string& bytes, uint32_t version, uint32_t page, uint32_t slots) {
  std::memcpy(bytes.data(), page_format::kMagic.data(), page_format::kMagic.size());
  put(bytes, page_format::kBodyAt, version);
  put(bytes, page_format::kBodyAt + 4, page);
  put(bytes, page_format::kBodyAt + 8, slots);
  put(bytes, page_format::kChecksumAt, hash_bytes(std::string_view(bytes).substr(page_format::kBodyAt)));
}

}  // namespace

void KeyedStore::append_slot(uint32_t slot, std::string& out) const {
  ByteWriter writer(out);
  const StateKey key = key_of(slot);
  writer.varint(slot % kPageSlots);
  writer.zigzag(meta_at(slot).last_touch);
  writer.string(key.first);
  writer.string(key.second);
  const size_t begin = out.size();
  out.push_back('\0');
  type_.save(slot_at(slot) + kKeyBytes, writer);
  state_internal::patch_length(out, begin);
}

void KeyedStore::begin_snapshot(bool whole) {
  if (snapshot_->running) end_snapshot(false);
  snapshot_->running = true;
  snapshot_->copies.resize(pages_.size());
  auto& pages = snapshot_->pages;
  if (whole) {
    pages.resize(pages_.size());
    for (uint32_t page = 0; page < pages.size(); ++page) pages[page] = page;
  } else {
    pages = dirty_pages_;
    std::sort(pages.begin(), pages.end());
  }
  for (const uint32_t page : pages) {
    pages_[page].waiting = true;
    pages_[page].dirty = false;
  }
  dirty_pages_.clear();
  ++mark_;
}

std::optional<PageImage> KeyedStore::next_page(size_t budget_bytes) {
  if (!snapshot_->running || snapshot_->next == snapshot_->pages.size()) return std::nullopt;
  Snapshot& shot = *snapshot_;
  shot.arena.release_one();
  const uint32_t number = shot.pages[shot.next];
  if (shot.slot == 0) {
    shot.body.reserve(shot.page_bytes + shot.page_bytes / 8);
    shot.body.assign(page_format::kHeaderBytes, '\0');
    shot.written = 0;
  }
  auto& copies = shot.copies[number];
  for (size_t done = 0; shot.slot < kPageSlots;) {
    const size_t before = shot.body.size();
    const uint32_t slot = number * kPageSlots + shot.slot;
    if (live(slot) && meta_at(slot).mark != mark_) {
      append_slot(slot, shot.body);
    } else {
      for (const auto& [place, copy] : copies)
        if (place == shot.slot) shot.body += copy.bytes();
    }
    shot.written += shot.body.size() > before ? 1 : 0;
    ++shot.slot;
    done += shot.body.size() - before + kSlotCost;
    if (done >= budget_bytes && shot.slot < kPageSlots) return std::nullopt;
  }
  for (const auto& one : copies) shot.arena.give_back(one.copy);
  copies = {};
  pages_[number].waiting = false;
  ++shot.next;
  shot.slot = 0;
  PageImage image;
  image.page = number;
  shot.page_bytes = shot.body.size();
  if (shot.written > 0) {
    seal_page(shot.body, type_.version, number, shot.written);
    image.bytes = std::exchange(shot.body, {});
  }
  return image;
}

bool KeyedStore::snapshotting() const {
  return snapshot_->running;
}
bool KeyedStore::snapshot_finished() const {
  return snapshot_->running && snapshot_->next == snapshot_->pages.size();
}

void KeyedStore::end_snapshot(bool confirmed) {
  if (!snapshot_->running) return;
  Snapshot& shot = *snapshot_;
  HEADROOM_CHECK(!confirmed || snapshot_finished());
  for (const uint32_t number : shot.pages) {
    Page& page = pages_[number];
    page.waiting = false;
    shot.copies[number] = {};
    if (confirmed || page.dirty) continue;
    page.dirty = true;
    dirty_pages_.push_back(number);
  }
  shot.arena.forget_all();
  shot.running = false;
  shot.pages.clear();
  shot.next = shot.slot = 0;
}

size_t KeyedStore::copied_bytes() const {
  return snapshot_->arena.bytes();
}

}  // namespace headroom
