#include <array>
#include <cstring>

#include "base/hash.h"
#include "engine/store_snapshot.h"

namespace headroom {
namespace {

// More slots than this no lane can have; a page number beyond it is a fault, not a reason to make room.
constexpr uint32_t kMostPages = 1U << 26;

struct PageHeader {
  uint32_t version = 0;
  uint32_t page = 0;
  uint32_t slots = 0;
};

Status read_header(std::string_view bytes, PageHeader& header) {
  using namespace page_format;
  const size_t same = kMagic.size() - 1;
  if (bytes.size() < kHeaderBytes || bytes.substr(0, same) != kMagic.substr(0, same)) return {Code::kCorrupt, "these bytes are no page"};
  if (bytes[same] != kMagic[same]) return {Code::kSchema, "a page of a format that this binary does not know"};
  ByteReader reader(bytes.substr(kChecksumAt));
  if (reader.fixed64() != hash_bytes(bytes.substr(kBodyAt))) return {Code::kCorrupt, "a page whose checksum does not hold"};
  header = {reader.fixed32(), reader.fixed32(), reader.fixed32()};
  return Status::ok();
}

}  // namespace

void KeyedStore::expect(uint32_t pages, uint64_t keys, uint32_t sweep_slot) {
  expected_ = {pages, keys, sweep_slot};
}

bool KeyedStore::read_slot(ByteReader& reader, SlotBytes& slot) {
  const uint64_t in_page = reader.varint();
  slot.last_touch = reader.zigzag();
  slot.key.first = reader.string();
  slot.key.second = reader.string();
  slot.state = reader.string();
  if (!reader.ok() || in_page >= kPageSlots || slot.key.first.size() > UINT32_MAX || slot.key.second.size() > UINT32_MAX) return false;
  slot.in_page = static_cast<uint32_t>(in_page);
  slot.hash = hash(slot.key);
  index_.prefetch(slot.hash);
  return true;
}

bool KeyedStore::load_slot(uint32_t page, const SlotBytes& bytes) {
  const uint32_t slot = page * kPageSlots + bytes.in_page;
  if (index_.find(bytes.hash, [&](uint32_t at) { return holds(at, bytes.key); }) != kNone) return false;
  write_key(slot, bytes.key);
  std::byte* at = slot_at(slot) + kKeyBytes;
  type_.construct(at);
  meta_at(slot).last_touch = bytes.last_touch;
  pages_[page].live |= 1U << bytes.in_page;
  index_.insert(bytes.hash, slot);
  return type_.load(at, bytes.state, dropped_fields_);
}

Status KeyedStore::load_page(uint32_t page, std::string_view bytes) {
  PageHeader header;
  if (auto status = read_header(bytes, header); !status.is_ok()) return status;
  if (header.version != type_.version)
    return {Code::kSchema, "a page of " + name_ + " with state version " + std::to_string(header.version) + ", this binary has " +
                               std::to_string(type_.version)};
  if (header.page != page || page >= (expected_ ? expected_->pages : kMostPages) || header.slots == 0 || header.slots > kPageSlots)
    return {Code::kCorrupt, "a page in another page's place"};
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (pages_[page].slab != nullptr) return {Code::kCorrupt, "a page that was loaded already"};
  make_slab(pages_[page]);
  // All keys first: their cells of the index are on their way into the cache while the states before them are made.
  std::array<SlotBytes, kPageSlots> slots;
  ByteReader reader(bytes.substr(page_format::kHeaderBytes));
  bool reads = true;
  for (uint32_t i = 0; reads && i < header.slots; ++i)
    reads = read_slot(reader, slots[i]) && (i == 0 || slots[i].in_page > slots[i - 1].in_page);
  for (uint32_t i = 0; reads && i < header.slots; ++i) reads = load_slot(page, slots[i]);
  if (!reads) return {Code::kCorrupt, "a page of " + name_ + " whose states do not read"};
  if (!reader.empty()) return {Code::kCorrupt, "a page of " + name_ + " with bytes behind its states"};
  return Status::ok();
}

Status KeyedStore::finish_load() {
  if (expected_) {
    if (expected_->keys != index_.size())
      return {Code::kCorrupt, "the pages of " + name_ + " hold " + std::to_string(index_.size()) + " states, the core says " +
                                  std::to_string(expected_->keys)};
    pages_.resize(expected_->pages);
    sweep_ = expected_->sweep_slot;
  }
  for (uint32_t page = 0; page < page_count(); ++page) set_free(page, pages_[page].live != UINT32_MAX);
  expected_.reset();
  return Status::ok();
}

}  // namespace headroom
