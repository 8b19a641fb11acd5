#include "http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <iterator>

#include "base/version.h"
#include "http/lane_families.h"

namespace headroom {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

namespace {

// Where a commit, a batch, a command's way and a recovery are expected, a few steps a decade.
const Buckets kShort = {0.0005, 0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 1, 5};
const Buckets kLong = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 8.5, 15, 30, 60, 300};

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& histogram(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

std::string text(std::string_view word) {
  return std::string(word);
}

}  // namespace

struct WorkerMetrics::Families {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Registry& r = *registry;

  Family<Counter>& records = counter(r, "headroom_records_total", "Input records processed.");
  Family<Counter>& values = counter(r, "headroom_values_total", "Values decoded from input records (an array has many).");
  Family<Counter>& ticks = counter(r, "headroom_ticks_total", "Ticks read, by which a source tells the time.");
  Family<Counter>& rejected = counter(r, "headroom_rejected_total", "Records or values rejected, by reason.");
  Family<Counter>& repeated = counter(r, "headroom_repeated_offsets_total", "Records dropped because their offset had been processed.");
  Family<Counter>& late = counter(r, "headroom_late_total", "Values ignored because they came too late.");
  Family<Histogram>& batch = histogram(r, "headroom_batch_duration_seconds", "Time to process one batch.");
  Family<Counter>& commits = counter(r, "headroom_commits_total", "Commits by outcome.");
  Family<Histogram>& commit = histogram(r, "headroom_commit_duration_seconds", "Time of one commit, from its first produce to its end.");
  Family<Counter>& checkpoints = counter(r, "headroom_checkpoints_total", "Checkpoints by outcome.");
  Histogram& checkpoint = histogram(r, "headroom_checkpoint_duration_seconds", "Time of one checkpoint, beside the loop.").Add({}, kLong);
  Counter& checkpoint_bytes = counter(r, "headroom_checkpoint_bytes_total", "Bytes of pages written for checkpoints.").Add({});
  Counter& checkpoint_pages = counter(r, "headroom_checkpoint_pages_total", "Pages written for checkpoints.").Add({});
  Histogram& stall =
      histogram(r, "headroom_checkpoint_stall_seconds", "How long checkpoint work held the loop between two batches.").Add({}, kShort);
  Histogram& restore = histogram(r, "headroom_restore_duration_seconds", "Time to load a lane's checkpoint.").Add({}, kLong);
  Histogram& replay =
      histogram(r, "headroom_replay_duration_seconds", "Time to replay a lane from its checkpoint to its commit.").Add({}, kLong);
  Counter& replayed = counter(r, "headroom_replayed_records_total", "Records replayed with outputs suppressed.").Add({});
  Family<Histogram>& takeover =
      histogram(r, "headroom_takeover_duration_seconds", "Time from assignment to a lane's first commit, by how it got its state.");
  Counter& rebalances = counter(r, "headroom_rebalances_total", "Assignments received from the group.").Add({});
  Counter& deleted = counter(r, "headroom_deleted_records_total", "Records that retention took before they were read.").Add({});
  Counter& differences =
      counter(r, "headroom_replay_differences_total", "Replays that did not give what had been committed: state was corrected, look why.")
          .Add({});
  Counter& ended = counter(r, "headroom_ended_transactions_total", "Open transactions of dead workers ended in their name.").Add({});
  Counter& fenced = counter(r, "headroom_fenced_total", "Times that another owner fenced a worker of this process.").Add({});
  Family<Counter>& actions = counter(r, "headroom_actions_total", "Commands committed.");
  Family<Counter>& suppressed = counter(r, "headroom_actions_suppressed_total", "Commands not emitted, by reason.");
  Histogram& latency =
      histogram(r, "headroom_action_latency_seconds", "From the deciding record's arrival in Kafka to the committed command.")
          .Add({}, kShort);
  Family<Counter>& spot_notices =
      counter(r, "headroom_spot_notices_total", "Notices that the machine is taken away, by provider and kind.");
  Family<Gauge>& spot_deadline =
      gauge(r, "headroom_spot_notice_deadline_seconds", "From when on the machine may be gone, as Unix time; 0 without a notice.");
  Family<Gauge>& spot_watch = gauge(r, "headroom_spot_watch_up", "1 while the provider's metadata service tells of notices.");
  Family<Histogram>& spot_leave =
      histogram(r, "headroom_spot_leave_seconds", "From a spot notice until every worker of the process had left.");
  Gauge& redis_up = gauge(r, "headroom_redis_up", "1 while Redis answers.").Add({});
  Gauge& redis_pending = gauge(r, "headroom_redis_pending_bytes", "Bytes of requests queued for Redis.").Add({});
  Gauge& kafka_up = gauge(r, "headroom_kafka_up", "1 while brokers answer.").Add({});
  Gauge& outbox_records = gauge(r, "headroom_outbox_records", "Records that wait for the next commit.").Add({});
  Gauge& outbox_bytes = gauge(r, "headroom_outbox_bytes", "Bytes of records that wait for the next commit.").Add({});
  Gauge& ready = gauge(r, "headroom_ready", "1 while /readyz answers 200.").Add({});
  Gauge& build = gauge(r, "headroom_build_info", "Always 1; the labels say what runs.")
                     .Add({{"version", std::string(kVersion)}, {"compiler", __VERSION__}});
  Gauge& started = gauge(r, "headroom_start_time_seconds", "When the process started, as Unix time.").Add({});
};

class WorkerMetrics::Lanes {
 public:
  void set(const std::string& lane, const LaneGauges& gauges) {
    const std::lock_guard lock(mutex_);
    lanes_[lane] = gauges;
  }
  void remove(const std::string& lane) {
    const std::lock_guard lock(mutex_);
    lanes_.erase(lane);
  }
  std::map<std::string, LaneGauges> get() const {
    const std::lock_guard lock(mutex_);
    return lanes_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LaneGauges> lanes_;
};

class WorkerMetrics::Both : public prometheus::Collectable {
 public:
  Both(std::shared_ptr<prometheus::Registry> registry, std::shared_ptr<Lanes> lanes)
      : registry_(std::move(registry)), lanes_(std::move(lanes)) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    auto out = registry_->Collect();
    auto more = lane_families(lanes_->get());
    std::move(more.begin(), more.end(), std::back_inserter(out));
    return out;
  }

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  const std::shared_ptr<Lanes> lanes_;
};

WorkerMetrics::WorkerMetrics()
    : families_(std::make_unique<Families>()),
      lanes_(std::make_shared<Lanes>()),
      collectable_(std::make_shared<Both>(families_->registry, lanes_)) {
  families_->build.Set(1);
  families_->started.SetToCurrentTime();
}

WorkerMetrics::~WorkerMetrics() = default;

std::shared_ptr<prometheus::Collectable> WorkerMetrics::collectable() const {
  return collectable_;
}

void WorkerMetrics::count_task(std::string_view topology, const std::string& lane, const TaskCounts& counts) {
  const std::lock_guard lock(counts_mutex_);
  TaskCounts& last = counted_[lane];
  if (counts.records < last.records || counts.values < last.values) last = {};
  const prometheus::Labels labels = {{"topology", text(topology)}};
  families_->records.Add(labels).Increment(static_cast<double>(counts.records - last.records));
  families_->values.Add(labels).Increment(static_cast<double>(counts.values - last.values));
  families_->ticks.Add(labels).Increment(static_cast<double>(counts.ticks - last.ticks));
  families_->repeated.Add(labels).Increment(static_cast<double>(counts.repeated_offsets - last.repeated_offsets));
  const std::map<std::string, uint64_t> before(last.rejected.begin(), last.rejected.end());
  for (const auto& [reason, count] : counts.rejected) {
    const auto found = before.find(reason);
    const uint64_t known = found == before.end() ? 0 : found->second;
    if (count > known)
      families_->rejected.Add({{"topology", text(topology)}, {"reason", reason}}).Increment(static_cast<double>(count - known));
  }
  last = counts;
}

void WorkerMetrics::late(std::string_view topology, uint64_t count) {
  families_->late.Add({{"topology", text(topology)}}).Increment(static_cast<double>(count));
}

void WorkerMetrics::batch(std::string_view topology, double seconds) {
  families_->batch.Add({{"topology", text(topology)}}, kShort).Observe(seconds);
}

void WorkerMetrics::commit(std::string_view topology, std::string_view outcome, double seconds) {
  families_->commits.Add({{"topology", text(topology)}, {"outcome", text(outcome)}}).Increment();
  families_->commit.Add({{"topology", text(topology)}}, kShort).Observe(seconds);
}

void WorkerMetrics::checkpoint(std::string_view outcome, double seconds, uint64_t bytes, uint64_t pages) {
  families_->checkpoints.Add({{"outcome", text(outcome)}}).Increment();
  families_->checkpoint.Observe(seconds);
  families_->checkpoint_bytes.Increment(static_cast<double>(bytes));
  families_->checkpoint_pages.Increment(static_cast<double>(pages));
}

void WorkerMetrics::checkpoint_stall(double seconds) {
  families_->stall.Observe(seconds);
}
void WorkerMetrics::restore(double seconds) {
  families_->restore.Observe(seconds);
}

void WorkerMetrics::replay(double seconds, uint64_t records) {
  families_->replay.Observe(seconds);
  families_->replayed.Increment(static_cast<double>(records));
}

void WorkerMetrics::takeover(std::string_view how, double seconds) {
  families_->takeover.Add({{"how", text(how)}}, kLong).Observe(seconds);
}
void WorkerMetrics::rebalance() {
  families_->rebalances.Increment();
}
void WorkerMetrics::deleted_records(uint64_t count) {
  families_->deleted.Increment(static_cast<double>(count));
}

void WorkerMetrics::replay_difference() {
  families_->differences.Increment();
}

void WorkerMetrics::transaction_ended() {
  families_->ended.Increment();
}

void WorkerMetrics::fenced() {
  families_->fenced.Increment();
}

void WorkerMetrics::action(std::string_view kind, std::string_view resource, std::string_view mode) {
  families_->actions.Add({{"action", text(kind)}, {"resource", text(resource)}, {"mode", text(mode)}}).Increment();
}

void WorkerMetrics::suppressed(std::string_view reason, uint64_t count) {
  families_->suppressed.Add({{"reason", text(reason)}}).Increment(static_cast<double>(count));
}

void WorkerMetrics::action_latency(double seconds) {
  families_->latency.Observe(seconds);
}

void WorkerMetrics::spot_notice(std::string_view provider, std::string_view kind) {
  families_->spot_notices.Add({{"provider", text(provider)}, {"kind", text(kind)}}).Increment();
}

void WorkerMetrics::spot_leave(double seconds) {
  families_->spot_leave.Add({}, kLong).Observe(seconds);
}

void WorkerMetrics::set_spot_deadline(double unix_seconds) {
  families_->spot_deadline.Add({}).Set(unix_seconds);
}

void WorkerMetrics::set_spot_watch(std::string_view provider, bool up) {
  families_->spot_watch.Add({{"provider", text(provider)}}).Set(up);
}

void WorkerMetrics::set_redis(bool up, uint64_t pending_bytes) {
  families_->redis_up.Set(up);
  families_->redis_pending.Set(static_cast<double>(pending_bytes));
}

void WorkerMetrics::set_kafka(bool up) {
  families_->kafka_up.Set(up);
}

void WorkerMetrics::set_outbox(uint64_t records, uint64_t bytes) {
  families_->outbox_records.Set(static_cast<double>(records));
  families_->outbox_bytes.Set(static_cast<double>(bytes));
}

void WorkerMetrics::set_ready(bool ready) {
  families_->ready.Set(ready);
}
void WorkerMetrics::set_lane(const std::string& lane, const LaneGauges& gauges) {
  lanes_->set(lane, gauges);
}

void WorkerMetrics::remove_lane(const std::string& lane) {
  lanes_->remove(lane);
  const std::lock_guard lock(counts_mutex_);
  counted_.erase(lane);
}

}  // namespace headroom
