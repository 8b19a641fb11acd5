#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/task.h"
#include "headroom/topology.h"

namespace headroom {

// How many rejected records the current block of 1024 offsets has had written.
struct RejectBlock {
  int64_t block = -1;
  uint32_t written = 0;
};

// Gives a lane's records their place: topic, sequence, running hash, and the headers of rejected ones. What it counts lies in the lane's
// Progress.
class LaneOutput {
 public:
  LaneOutput(const topology_internal::Plan& plan, LaneIdentity& identity, Progress& progress);

  // After progress.outputs changed: finds the topics' places again and adds those missing.
  void take_progress();
  // Appends what one chunk gave rise to, in the order of its records: first a record's rejections, then its outputs by value and sink.
  void emit(topology_internal::Chunk& chunk, std::span<const Record> records, std::span<topology_internal::SinkStage* const> sinks,
            Outbox& out);

  RejectBlock& reject_block() { return block_; }
  const RejectBlock& reject_block() const { return block_; }

 private:
  void reject(const topology_internal::Chunk::Reject& reject, const Record& record, Outbox& out);
  void send(size_t output, const Record& input, Outbox& out);
  Envelope envelope(size_t output, const Record& input) const;
  size_t place_of(const std::string& topic);

  const topology_internal::Plan& plan_;
  const LaneIdentity& identity_;
  Progress& progress_;
  const std::string lane_;
  const std::string source_;
  std::vector<size_t> sink_outputs_;  // by sink: place in progress.outputs
  size_t rejected_output_ = 0;
  RejectBlock block_;
  Encoded encoded_;
};

}  // namespace headroom
