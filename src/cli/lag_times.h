#pragma once

#include <cstdint>

#include "cli/lag_book.h"
#include "kafka/lag_offsets.h"
#include "kafka/lag_records.h"

namespace headroom {

struct LagTimesLimits {
  int64_t look_ups = 100'000;
  int64_t reads = 200;
  int64_t deadline_ms = 0;  // steady_ms()
};

struct LagTimesSpent {
  uint64_t look_ups = 0;
  uint64_t reads = 0;
  uint64_t made_anew = 0;  // partitions that turned out to be other logs than before
  uint64_t marked = 0;     // partitions whose look-ups turned out wrong
};

// Who answers: look-ups by the leaders of partitions, and records themselves.
struct LagTimesServers {
  const TopicLeaders& leaders;
  LagOffsets& offsets;
  LagRecords& records;
};

// Learns the times that the samples of a cycle need, within limits: where few are missing by reading the records; else by look-ups, one a
// partition and round, and reading what look-ups cannot tell, oldest first. What is left over is answered as far as it is known.
LagTimesSpent learn_times(LagBook& book, const LagTimesServers& servers, int64_t now_ms, const LagTimesLimits& limits);

}  // namespace headroom
