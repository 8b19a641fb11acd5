#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "headroom/topology.h"

namespace headroom::testing {

// One record of a log.
struct Input {
  std::string key;
  std::string value;
  int64_t timestamp_ms = -1;
};

// Runs the records through the topology whole; one by one; in batches of 7 and of 64; with a crash after every record, restored from a
// checkpoint up to three records back and replayed; and with snapshots taken a few bytes at a time between the records, each of them
// restored and caught up. Every run must give the same records, sequences and hashes, and leave the same core and the same page bytes.
//
// Empty when they do; otherwise one sentence that says which run differed and where first. Needs memory and time for a restore a record.
std::string same_under_every_cut(const Topology& topology, std::span<const Input> inputs);

}  // namespace headroom::testing
