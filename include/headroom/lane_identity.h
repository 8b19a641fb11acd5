#pragma once

#include <cstdint>
#include <string>

#include "headroom/record.h"

namespace headroom {

// Names that outputs carry.
struct LaneIdentity {
  std::string installation;
  std::string topology;
  Partition partition = 0;
  uint64_t incarnation = 1;

  std::string lane() const { return topology + "/" + std::to_string(partition); }                            // on the wire
  std::string full_name() const { return installation + "." + topology + "/" + std::to_string(partition); }  // in the store
};

}  // namespace headroom
