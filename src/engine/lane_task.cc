#include "engine/lane_task.h"

#include <algorithm>

#include "base/check.h"

namespace headroom {
namespace {

// A chunk is what the stages pass on between them: small enough to stay in the cache.
constexpr size_t kChunkRecords = 512;
constexpr size_t kChunkValues = 512;

constexpr std::string_view kSkipped = "skipped";

}  // namespace

// Holds the place of a store that a checkpoint names and the topology has no more: takes its pages for nothing and, at the next snapshot,
// says that they are empty, so that they leave the manifest.
class LaneTask::DroppedStore final : public StateStore {
 public:
  explicit DroppedStore(LaneCore::Store store) : store_(std::move(store)) {}
  std::string_view name() const override { return store_.name; }
  uint32_t version() const override { return store_.version; }
  uint64_t key_count() const override { return 0; }
  uint32_t page_count() const override { return store_.pages; }
  void begin_snapshot(bool) override { next_ = 0, snapshotting_ = true; }
  bool snapshotting() const override { return snapshotting_; }
  std::optional<PageImage> next_page(size_t) override {
    if (!snapshotting_ || next_ == store_.pages) return std::nullopt;
    return PageImage{next_++, {}};
  }
  bool snapshot_finished() const override { return snapshotting_ && next_ == store_.pages; }
  void end_snapshot(bool confirmed) override {
    if (snapshotting_ && confirmed) store_.pages = 0;
    snapshotting_ = false;
  }
  size_t copied_bytes() const override { return 0; }
  Status load_page(uint32_t, std::string_view) override { return Status::ok(); }
  Status finish_load() override { return Status::ok(); }
  uint64_t dropped_fields() const override { return 0; }

 private:
  LaneCore::Store store_;
  uint32_t next_ = 0;
  bool snapshotting_ = false;
};

LaneTask::LaneTask(std::shared_ptr<const topology_internal::Plan> plan, LaneIdentity identity)
    : plan_(std::move(plan)), identity_(std::move(identity)), output_(*plan_, identity_, progress_) {
  HEADROOM_CHECK(plan_->make_chain);
  parts_.max_keys = plan_->options.max_keys;
  chain_ = plan_->make_chain(parts_);
  own_stores_only();
}

LaneTask::~LaneTask() = default;

void LaneTask::own_stores_only() {
  dropped_.clear();
  stores_.assign(parts_.stores.begin(), parts_.stores.end());
}

void LaneTask::process(const Batch& batch, Outbox& out) {
  for (size_t at = 0; at < batch.records.size();) at = run_chunk(batch, at, out);
  advance_to(batch.position);
}

size_t LaneTask::run_chunk(const Batch& batch, size_t from, Outbox& out) {
  const size_t end = std::min(batch.records.size(), from + kChunkRecords);
  chunk_.clear();
  chunk_.lane = &identity_;
  chunk_.time_ms = progress_.time_ms;
  chain_->begin();
  size_t at = from;
  for (size_t values = 0; at < end && values < kChunkValues; ++at)
    values = take_record(batch.records[at], static_cast<uint32_t>(at), values);
  chain_->run(chunk_);
  progress_.time_ms = chunk_.time_ms;
  output_.emit(chunk_, batch.records, parts_.sinks, out);
  count_chunk();
  return at;
}

// Gives the number of values in the chunk, of which there were `values`.
size_t LaneTask::take_record(const Record& record, uint32_t index, size_t values) {
  if (record.offset < progress_.next_offset) [[unlikely]] {
    ++counts_.repeated_offsets;
    return values;
  }
  progress_.next_offset = record.offset + 1;
  progress_.last_record_offset = record.offset;
  progress_.last_record_timestamp = record.timestamp_ms;
  ++counts_.records;
  if (!skips_.empty() && std::binary_search(skips_.begin(), skips_.end(), record.offset)) [[unlikely]] {
    chunk_.rejects.push_back({index, kSkipped, {}, true});
    chunk_.count(kSkipped, 1);
    return values;
  }
  return chain_->decode(record, index);
}

void LaneTask::count_chunk() {
  counts_.values += chunk_.records.size();
  counts_.ticks += chunk_.ticks;
  for (const auto& more : chunk_.reasons) {
    auto at = std::find_if(counts_.rejected.begin(), counts_.rejected.end(), [&](const auto& row) { return row.first == more.first; });
    if (at == counts_.rejected.end()) at = counts_.rejected.emplace(at, more.first, 0);
    at->second += more.second;
  }
}

void LaneTask::advance_to(Offset position) {
  progress_.next_offset = std::max(progress_.next_offset, position);
}

void LaneTask::set_skips(std::vector<Offset> offsets) {
  skips_ = std::move(offsets);
  std::sort(skips_.begin(), skips_.end());
}

void LaneTask::set_outputs(std::vector<OutputProgress> outputs) {
  progress_.outputs = std::move(outputs);
  output_.take_progress();
}

std::string LaneTask::save_core() const {
  LaneCore core;
  core.progress = progress_;
  core.reject_block = output_.reject_block();
  for (const StateStore* store : stores_) {
    const KeyedStore* keyed = store_named(store->name());
    core.stores.push_back({std::string(store->name()), store->version(), store->page_count(), store->key_count(),
                           keyed == nullptr ? 0 : keyed->sweep_slot()});
  }
  return encode_core(core);
}

KeyedStore* LaneTask::store_named(std::string_view name) const {
  const auto at = std::find_if(parts_.stores.begin(), parts_.stores.end(), [&](const KeyedStore* store) { return store->name() == name; });
  return at == parts_.stores.end() ? nullptr : *at;
}

Status LaneTask::check_stores(const LaneCore& core) const {
  for (size_t i = 0; i < core.stores.size(); ++i) {
    const auto& store = core.stores[i];
    for (size_t j = 0; j < i; ++j)
      if (core.stores[j].name == store.name) return {Code::kCorrupt, "the core of a checkpoint names a store twice"};
    const KeyedStore* own = store_named(store.name);
    if (own != nullptr && own->version() != store.version)
      return {Code::kSchema, "the state of " + store.name + " in the checkpoint has version " + std::to_string(store.version) +
                                 ", this binary has " + std::to_string(own->version())};
  }
  return Status::ok();
}

void LaneTask::take_stores(const LaneCore& core) {
  dropped_.clear();
  stores_.clear();
  for (const auto& store : core.stores) {
    if (KeyedStore* own = store_named(store.name)) {
      own->expect(store.pages, store.keys, store.sweep_slot);
      stores_.push_back(own);
      continue;
    }
    counts_.dropped_stores += store.pages > 0 ? 1 : 0;
    dropped_.push_back(std::make_unique<DroppedStore>(store));
    stores_.push_back(dropped_.back().get());
  }
  for (KeyedStore* own : parts_.stores)
    if (std::find(stores_.begin(), stores_.end(), own) == stores_.end()) stores_.push_back(own);
}

Status LaneTask::load_core(std::string_view bytes) {
  auto core = decode_core(bytes);
  if (!core) return core.status();
  if (auto status = check_stores(*core); !status.is_ok()) return status;
  reset();
  progress_ = std::move(core->progress);
  output_.take_progress();
  output_.reject_block() = core->reject_block;
  take_stores(*core);
  return Status::ok();
}

void LaneTask::reset() {
  for (KeyedStore* store : parts_.stores) store->clear();
  own_stores_only();
  progress_ = Progress();
  output_.reject_block() = RejectBlock();
  output_.take_progress();
}

}  // namespace headroom
