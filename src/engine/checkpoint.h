#pragma once

#include <map>
#include <string>

#include "engine/ports.h"
#include "engine/task.h"

namespace headroom {

// A checkpoint of a task in memory: what a manifest and its pages hold. For tests and drivers; a worker writes the same pages to its store.
struct Checkpoint {
  std::string core;
  std::map<PageId, std::string> pages;

  // Puts the pages of a finished part in place: empty ones leave.
  void put(PageId id, std::string bytes);
  uint64_t bytes() const;
  bool operator==(const Checkpoint&) const = default;
};

// Takes everything that changed since the last confirmed snapshot (`whole`: everything) into `checkpoint`, at once.
void take_checkpoint(Task& task, bool whole, Checkpoint& checkpoint);
// Into a task that is as new. On a failure the task is reset.
Status restore_checkpoint(const Checkpoint& checkpoint, Task& task);

}  // namespace headroom
