#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/lane_core.h"
#include "engine/lane_output.h"
#include "engine/task.h"
#include "headroom/topology.h"

namespace headroom {

// The task of any topology: cuts batches into chunks that fit the cache, runs them through the chain and gives the outputs their places.
class LaneTask final : public Task {
 public:
  LaneTask(std::shared_ptr<const topology_internal::Plan> plan, LaneIdentity identity);
  ~LaneTask() override;

  const LaneIdentity& identity() const override { return identity_; }
  void set_incarnation(uint64_t incarnation) override { identity_.incarnation = incarnation; }

  void process(const Batch& batch, Outbox& out) override;
  void advance_to(Offset position) override;
  void set_skips(std::vector<Offset> offsets) override;

  const Progress& progress() const override { return progress_; }
  void set_outputs(std::vector<OutputProgress> outputs) override;
  void set_next_offset(Offset offset) override { progress_.next_offset = offset; }

  std::span<StateStore* const> stores() override { return stores_; }
  std::string save_core() const override;
  Status load_core(std::string_view bytes) override;
  void reset() override;

  TaskCounts counts() const override { return counts_; }

 private:
  class DroppedStore;

  size_t run_chunk(const Batch& batch, size_t from, Outbox& out);
  size_t take_record(const Record& record, uint32_t index, size_t values);
  void count_chunk();
  KeyedStore* store_named(std::string_view name) const;
  Status check_stores(const LaneCore& core) const;
  void take_stores(const LaneCore& core);
  void own_stores_only();

  std::shared_ptr<const topology_internal::Plan> plan_;
  LaneIdentity identity_;
  Progress progress_;
  LaneOutput output_;
  topology_internal::Parts parts_;
  std::unique_ptr<topology_internal::Chain> chain_;
  topology_internal::Chunk chunk_;
  std::vector<std::unique_ptr<DroppedStore>> dropped_;  // of operators that the topology has no more
  std::vector<StateStore*> stores_;                     // by PageId::store
  std::vector<Offset> skips_;
  TaskCounts counts_;
};

}  // namespace headroom
