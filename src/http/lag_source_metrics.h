#pragma once

#include <cstdint>
#include <memory>

namespace prometheus {
class Collectable;
}

namespace headroom {

// What one cycle of a lag source did.
struct LagSourceCycle {
  double duration_seconds = 0;   // from its beginning to the tick's acknowledgement
  double staleness_seconds = 0;  // from observed to acknowledged by the lag topic
  bool overrun = false;          // it took longer than the interval
  double groups = 0;
  double denied_groups = 0;
  double failed_groups = 0;
  double partitions = 0;
  double unavailable_partitions = 0;
  uint64_t samples = 0;
  uint64_t exact = 0;  // of the samples, by quality
  uint64_t interpolated = 0;
  uint64_t bracketed = 0;
  uint64_t unknown = 0;
  uint64_t requests = 0;
  uint64_t look_ups = 0;
  uint64_t reads = 0;
  uint64_t topics_made_anew = 0;
  uint64_t marked_partitions = 0;
  double tick_unix_seconds = 0;
};

// The metrics of a lag source. Any thread.
class LagSourceMetrics {
 public:
  LagSourceMetrics();
  ~LagSourceMetrics();
  LagSourceMetrics(const LagSourceMetrics&) = delete;
  LagSourceMetrics& operator=(const LagSourceMetrics&) = delete;

  // For HttpServer::add_metrics.
  std::shared_ptr<prometheus::Collectable> collectable() const;

  void cycle(const LagSourceCycle& cycle);
  // A cycle without samples or without a tick. `where`: observing, producing.
  void failure(const char* where);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace headroom
