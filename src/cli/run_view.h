#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/spot_departure.h"
#include "http/http_server.h"
#include "http/lag_families.h"
#include "http/metrics.h"
#include "http/top_loads.h"
#include "http/top_workloads.h"
#include "topologies/registry.h"
#include "worker/probe.h"
#include "worker/worker_thread.h"

namespace headroom {

// From what workers tell to the metrics of the process. One a topology; any of its workers' threads.
class MetricsProbe : public WorkerProbe {
 public:
  MetricsProbe(WorkerMetrics& metrics, std::string topology) : metrics_(metrics), topology_(std::move(topology)) {}
  void on_batch(uint64_t records, int64_t duration_us) override;
  void on_commit(CommitOutcome outcome, int64_t duration_us) override;
  void on_output(const OutRecord& record, int64_t committed_ms) override;
  void on_checkpoint(std::string_view outcome, uint64_t pages, uint64_t bytes, int64_t duration_us) override;
  void on_checkpoint_work(int64_t duration_us) override;
  void on_restore(uint64_t bytes, int64_t duration_us) override;
  void on_replay(uint64_t records, int64_t duration_us) override;
  void on_rebalance(bool lost) override;
  void on_takeover() override;
  void on_gap(uint64_t records) override;
  void on_difference(std::string_view lane) override;

 private:
  WorkerMetrics& metrics_;
  const std::string topology_;
};

// Counts assessments and keeps the top lying containers; for TopologyObservers.
TopologyObservers metrics_observers(WorkerMetrics& metrics, TopWorkloads& workloads);
// Counts forecasts and decisions and keeps the targets with the most replicas; for TopologyObservers::load.
ObserveLoad load_metrics_observer(TopLoads& loads);

// GET /api/v1/status: every worker and lane of this process.
std::string status_json(std::string_view installation, std::span<const std::unique_ptr<WorkerThread>> workers, const SpotView& spot);
// Why the process is not ready: a worker without an assignment, a lane that is not live, something that holds it back, a spot notice.
Readiness readiness_of(std::span<const std::unique_ptr<WorkerThread>> workers, const SpotView& spot);

// Lanes' gauges and counts, as of now; a lane that is given back leaves all metrics. Called now and then by one thread.
class LanePublisher {
 public:
  LanePublisher(WorkerMetrics& metrics, LagFamilies& lag) : metrics_(metrics), lag_(lag) {}
  void publish(std::span<const std::unique_ptr<WorkerThread>> workers, int64_t now_ms, const SpotView& spot);

 private:
  WorkerMetrics& metrics_;
  LagFamilies& lag_;
  std::vector<std::string> shown_;
};

}  // namespace headroom
