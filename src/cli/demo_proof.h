#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/outbox.h"
#include "engine/task.h"
#include "headroom/topology.h"
#include "kafka/topic_reader.h"

namespace headroom::demo {

struct Findings {
  uint64_t expected = 0;  // records that the input gives rise to
  uint64_t found = 0;     // different ones of them in the topics
  uint64_t repeated = 0;  // further copies, the same to the byte
  uint64_t lost = 0;      // expected and not there
  uint64_t doubled = 0;   // a sequence that is there with different bytes
  uint64_t foreign = 0;   // not what the input gives rise to, or without a lane and sequence
  std::string first_wrong;

  bool clean() const { return lost == 0 && doubled == 0 && foreign == 0; }
};

// Compares what workers wrote with what the topology gives when it runs here, once and undisturbed, over the same input. Both sides may
// come in any order between partitions and as late as they like; kept are a few bytes an output record. One thread.
class Proof {
 public:
  Proof(const Topology& topology, std::string installation) : topology_(topology), installation_(std::move(installation)) {}

  // Records of the input topic, in order within a partition.
  void take_input(const TopicRecord& record);
  // Records of the output topics. True when it is the first with its place.
  bool take_output(const TopicRecord& record);

  Findings findings() const;
  Findings findings_in(std::string_view topic) const;

 private:
  struct Place {
    uint64_t expected = 0;  // hash of the record's bytes; 0: not yet given rise to
    uint64_t found = 0;     // of the first that came; 0: none came
    uint32_t repeats = 0;
    uint32_t others = 0;  // that came with other bytes
  };
  struct Output {
    std::vector<Place> places;  // by sequence - 1
  };
  Place* place(const std::string& topic, const std::string& lane, uint64_t sequence);
  Task& task(Partition partition);

  const Topology& topology_;
  std::string installation_;
  std::map<Partition, std::unique_ptr<Task>> tasks_;
  Outbox outbox_;
  std::map<std::pair<std::string, std::string>, Output> outputs_;  // by topic and lane
  std::map<std::string, uint64_t, std::less<>> nameless_;          // by topic: without a lane and sequence of ours
};

}  // namespace headroom::demo
