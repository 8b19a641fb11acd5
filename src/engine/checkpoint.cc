#include "engine/checkpoint.h"

namespace headroom {
namespace {

Status load_all(const Checkpoint& checkpoint, Task& task) {
  if (auto status = task.load_core(checkpoint.core); !status.is_ok()) return status;
  const auto stores = task.stores();
  for (const auto& [id, bytes] : checkpoint.pages) {
    if (id.store >= stores.size()) return {Code::kCorrupt, "a page of a store that the core does not name"};
    if (auto status = stores[id.store]->load_page(id.page, bytes); !status.is_ok()) return status;
  }
  for (StateStore* store : stores)
    if (auto status = store->finish_load(); !status.is_ok()) return status;
  return Status::ok();
}

}  // namespace

void Checkpoint::put(PageId id, std::string bytes) {
  if (bytes.empty())
    pages.erase(id);
  else
    pages[id] = std::move(bytes);
}

uint64_t Checkpoint::bytes() const {
  uint64_t sum = core.size();
  for (const auto& page : pages) sum += page.second.size();
  return sum;
}

void take_checkpoint(Task& task, bool whole, Checkpoint& checkpoint) {
  const auto stores = task.stores();
  checkpoint.core = task.save_core();
  for (uint32_t store = 0; store < stores.size(); ++store) {
    stores[store]->begin_snapshot(whole);
    while (auto image = stores[store]->next_page(SIZE_MAX)) checkpoint.put({store, image->page}, std::move(image->bytes));
    stores[store]->end_snapshot(true);
  }
}

Status restore_checkpoint(const Checkpoint& checkpoint, Task& task) {
  auto status = load_all(checkpoint, task);
  if (!status.is_ok()) task.reset();
  return status;
}

}  // namespace headroom
