#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "headroom/topology.h"
#include "kit/model_broker.h"

namespace headroom::simulator {

// What a worker that never failed would have committed: one task a lane that takes the log as it grows. It judges what was committed,
// output by output, and remembers how far it has judged.
class Oracle {
 public:
  Oracle(const Topology& topology, const kit::ModelBroker& broker);

  // Takes what the log holds by now. Call before anything of it is deleted.
  void follow();
  // Somebody sets the group's offset: what follows it is given once more, numbered on, as a newer incarnation.
  void reset(Partition partition, Offset offset);
  // From here on the lane's state may differ, for records were deleted that it would have to be built from: numbers and places must still
  // be right, values need not.
  void loosen(Partition partition) { lanes_[static_cast<size_t>(partition)].loose = true; }
  bool is_loose(Partition partition) const { return lanes_[static_cast<size_t>(partition)].loose; }

  // The first output that should not be there, or not as it is; empty when there is none.
  std::string judge();
  // The first output that is not there; empty when there is none. After judge(), when everything is committed.
  std::string missing() const;

 private:
  struct Stream {  // of one lane to one topic
    std::vector<OutRecord> wanted;
    size_t next = 0;        // of `wanted`
    uint64_t sequence = 0;  // the last one judged
    uint64_t incarnation = 1;
    bool renewed = false;  // reset since: the next output may begin a newer incarnation
    Offset input_offset = -1;
  };
  struct Lane {
    std::unique_ptr<Task> task;
    std::map<std::string, Stream> streams;
    bool loose = false;
  };

  std::string judge(Lane& lane, const OutRecord& have);

  const kit::ModelBroker& broker_;
  std::vector<Lane> lanes_;
  size_t judged_ = 0;  // of the broker's output
};

}  // namespace headroom::simulator
