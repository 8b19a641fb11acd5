#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/task.h"

namespace prometheus {
class Collectable;
}

namespace headroom {

// What a worker knows of one of its lanes, as gauges. Negative: not known, and not shown.
struct LaneGauges {
  std::string state;          // one word: loading, replaying, live, paused, waiting
  std::string paused_reason;  // one word; empty when not paused
  double checkpoint_age_seconds = -1;
  int64_t replay_debt_records = -1;
  int64_t lag_records = -1;
  double lag_seconds = -1;
  double watermark_seconds = -1;  // Unix
  int64_t keys = -1;
  int64_t state_bytes = -1;
  int64_t epoch = -1;
};

// The metrics of a process, of all its workers. Any thread; meant to be called once a batch or seldomer (a look-up under a lock each).
// Words for outcomes, reasons and states come from code, never from input, so that there are few series.
class WorkerMetrics {
 public:
  WorkerMetrics();
  ~WorkerMetrics();
  WorkerMetrics(const WorkerMetrics&) = delete;
  WorkerMetrics& operator=(const WorkerMetrics&) = delete;

  // For HttpServer::add_metrics.
  std::shared_ptr<prometheus::Collectable> collectable() const;

  // Adds what a lane's counts grew by since the last call: records, values, ticks, rejected, repeated offsets. A lane that is new, or whose
  // task was made anew (smaller counts), counts from zero.
  void count_task(std::string_view topology, const std::string& lane, const TaskCounts& counts);
  void late(std::string_view topology, uint64_t count);
  void batch(std::string_view topology, double seconds);
  // `outcome`: committed, aborted, unknown, lost, fenced.
  void commit(std::string_view topology, std::string_view outcome, double seconds);
  // `outcome`: done, other_manifest, page_missing, newer_epoch, unavailable. Bytes and pages are those written for it.
  void checkpoint(std::string_view outcome, double seconds, uint64_t bytes, uint64_t pages);
  // The longest that the loop was held by checkpoint work between two batches.
  void checkpoint_stall(double seconds);
  void restore(double seconds);
  void replay(double seconds, uint64_t records);
  // `how`: restored, rebuilt, kept, new.
  void takeover(std::string_view how, double seconds);
  void rebalance();
  void fenced();
  void deleted_records(uint64_t count);
  void replay_difference();
  void transaction_ended();
  void action(std::string_view kind, std::string_view resource, std::string_view mode);
  void suppressed(std::string_view reason, uint64_t count);
  // From the broker's timestamp of the deciding sample to the committed command.
  void action_latency(double seconds);

  // A spot notice told for the first time; `provider` and `kind` as in logs: aws, preempt.
  void spot_notice(std::string_view provider, std::string_view kind);
  // From a notice that was due until every worker had left its group.
  void spot_leave(double seconds);
  // From when on the machine may be gone, as Unix time; 0: no such notice.
  void set_spot_deadline(double unix_seconds);
  void set_spot_watch(std::string_view provider, bool up);

  void set_redis(bool up, uint64_t pending_bytes);
  void set_kafka(bool up);
  void set_outbox(uint64_t records, uint64_t bytes);
  void set_ready(bool ready);

  void set_lane(const std::string& lane, const LaneGauges& gauges);
  // The lane's series vanish.
  void remove_lane(const std::string& lane);

 private:
  struct Families;
  class Lanes;
  class Both;
  std::unique_ptr<Families> families_;
  std::shared_ptr<Lanes> lanes_;
  std::shared_ptr<Both> collectable_;
  std::mutex counts_mutex_;
  std::map<std::string, TaskCounts> counted_;  // by lane
};

}  // namespace headroom
