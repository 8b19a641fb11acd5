#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/lane_identity.h"
#include "headroom/out_record.h"
#include "headroom/topology.h"

namespace headroom::testing {

// Runs a topology without any server: records in, records out. One lane, offsets from 0. One thread.
//
//   TopologyDriver driver(topology);
//   driver.pipe("prod/shop/Deployment/api", R"({"target":...})");
//   driver.crash_and_restore();
//   EXPECT_EQ(driver.sent().at(0).key, ...);
class TopologyDriver {
 public:
  // The lane is partition 0 of the topology in the installation "test", unless it is named.
  explicit TopologyDriver(Topology topology);
  TopologyDriver(Topology topology, LaneIdentity identity);
  ~TopologyDriver();
  TopologyDriver(TopologyDriver&&) noexcept;
  TopologyDriver& operator=(TopologyDriver&&) noexcept;

  // One record, at the next offset; gives that offset.
  Offset pipe(std::string_view key, std::string_view value, int64_t timestamp_ms = -1);
  // A record that tells the lane the time, as sources write it: {"tick_ms":...,"source":"test","interval_ms":...}.
  Offset tick(int64_t time_ms, int64_t interval_ms = 60'000);
  // The next offset is `positions` further on, as after transaction markers.
  void skip_positions(Offset positions);

  // What went to the topics of the sinks, and to the topic of rejected records, in order.
  const std::vector<OutRecord>& sent() const;
  const std::vector<OutRecord>& rejected() const;
  // Gives sent() away and empties it.
  std::vector<OutRecord> take_sent();

  // Takes a checkpoint as a worker does, pages and core, throws the task away and restores a new one from it. Aborts when that fails.
  void crash_and_restore();

  // The lane's time: the greatest event time so far; INT64_MIN before any.
  int64_t time_ms() const;
  // Values rejected so far for this reason, in the task since the last crash.
  uint64_t rejected_count(std::string_view reason) const;
  // States that the operator of this name keeps; idle ones that the sweep has not met yet among them.
  uint64_t key_count(std::string_view operator_name) const;
  // Bytes of a checkpoint of all states, pages and core.
  uint64_t checkpoint_bytes();
  std::string describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::testing
