#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "headroom/status.h"

namespace headroom {

// One finished page of a snapshot.
struct PageImage {
  uint32_t page = 0;
  std::string bytes;  // with a header (format, store version, checksum); empty: the page holds no state any more
};

// The states of one operator in one task, as pages. One thread.
//
// A snapshot is the state as of begin_snapshot(), written page by page between batches: a state that a batch changes before its page's turn
// is copied first. Pages are slabs of slots; the layout is a function of the task's input alone.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual std::string_view name() const = 0;
  virtual uint32_t version() const = 0;
  virtual uint64_t key_count() const = 0;
  virtual uint32_t page_count() const = 0;

  // Starts a snapshot of the pages that changed since the last confirmed one (`whole`: of all). Aborts when one is under way.
  virtual void begin_snapshot(bool whole) = 0;
  virtual bool snapshotting() const = 0;
  // Serialises about `budget_bytes` more; a page when one became complete, none when the budget ran out or nothing is left.
  virtual std::optional<PageImage> next_page(size_t budget_bytes) = 0;
  virtual bool snapshot_finished() const = 0;  // all pages were handed out
  // The pages handed out are safe (or not: then they count as changed again).
  virtual void end_snapshot(bool confirmed) = 0;
  // Copies of old states held for pages that wait for their turn.
  virtual size_t copied_bytes() const = 0;

  // Restore, into a store that is empty: any order of pages.
  virtual Status load_page(uint32_t page, std::string_view bytes) = 0;
  // After the last page: the indexes and free lists.
  virtual Status finish_load() = 0;
  // Fields of a newer binary that load_page passed over.
  virtual uint64_t dropped_fields() const = 0;
};

}  // namespace headroom
