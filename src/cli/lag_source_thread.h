#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/lag_book.h"
#include "cli/lag_observer.h"
#include "config/config.h"
#include "headroom/status.h"
#include "http/http_server.h"
#include "http/lag_source_metrics.h"
#include "kafka/sample_producer.h"

namespace headroom {

// Watches a cluster in a thread of its own: once an interval it writes a sample of every group and partition to the lag topic, then a tick
// to every partition of that topic. Brokers that are away are waited for; a tick is written only where the samples before it were.
// Any thread.
class LagSourceThread {
 public:
  explicit LagSourceThread(const Config& config);
  ~LagSourceThread();  // stops
  LagSourceThread(const LagSourceThread&) = delete;
  LagSourceThread& operator=(const LagSourceThread&) = delete;

  // kInvalid: properties that cannot be. No connection is waited for.
  Status start();
  // Ends within a cycle: what was produced is flushed.
  void stop();
  bool ended() const { return ended_; }
  // Why it ended by itself, if it did: the lag topic is missing or may not be written.
  Status outcome() const;

  LagSourceMetrics& metrics() { return metrics_; }
  // Ready once it has ticked, as long as ticks are less than 3 intervals old.
  Readiness readiness() const;

 private:
  void run();
  bool wait_until(int64_t at_ms);
  Status cycle(uint64_t number);
  Status write(const LagCycle& observed, uint64_t number, LagSourceCycle& told);
  Status tick(int64_t tick_ms, uint64_t number);
  Status open_topic();
  void fail(const char* where, const Status& why);

  const KafkaConfig kafka_;
  const LagSourceConfig config_;
  const std::string cluster_;
  const std::string source_;
  LagSourceMetrics metrics_;
  LagBook book_;
  std::unique_ptr<LagObserver> observer_;
  std::unique_ptr<SampleProducer> producer_;
  int partitions_ = 0;  // of the lag topic
  int64_t partitions_read_ms_ = 0;
  std::atomic<int64_t> ticked_ms_{0};  // steady
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  Status outcome_;
  Status trouble_;  // why the last cycle failed
  std::thread thread_;
};

}  // namespace headroom
