#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/copy_arena.h"
#include "headroom/keyed_store.h"

namespace headroom {

// The form of a page. Header: magic, checksum (XXH3 of all that follows it), store version, page number, number of slots. Then each slot
// that holds a state, ascending: its place in the page, last touch, the key's two parts, the state, each with its length.
namespace page_format {
inline constexpr std::string_view kMagic = "HRP1";  // the last character is the format's version
inline constexpr size_t kChecksumAt = 4;
inline constexpr size_t kBodyAt = 12;
inline constexpr size_t kHeaderBytes = 24;
}  // namespace page_format

// A snapshot under way: which pages it takes, how far it is, and the old states that were copied because a batch changed them. Kept from
// one snapshot to the next, so that none begins or ends with giving much memory back.
struct KeyedStore::Snapshot {
  struct Copied {
    uint32_t slot_in_page;
    CopyArena::Copy copy;
  };
  bool running = false;
  std::vector<uint32_t> pages;              // ascending
  size_t next = 0;                          // of pages: the one whose turn it is
  uint32_t slot = 0;                        // of that page: the next to be written
  uint32_t written = 0;                     // slots in body
  std::string body;                         // of that page so far
  size_t page_bytes = 0;                    // of the last page, to make room for the next at once
  std::vector<std::vector<Copied>> copies;  // by page
  CopyArena arena;
  std::string scratch;

  // Whether the slot's state as of the begin is still to be written.
  bool waits_for(uint32_t page, uint32_t slot_in_page) const {
    return next < pages.size() && (pages[next] != page || slot_in_page >= slot);
  }
};

}  // namespace headroom
