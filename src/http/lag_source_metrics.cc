#include "http/lag_source_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace headroom {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kDurations = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60};

Family<Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return counters(registry, name, help).Add({});
}
Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, kDurations);
}

}  // namespace

struct LagSourceMetrics::Families {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Registry& r = *registry;

  Histogram& duration = histogram(r, "headroom_lag_source_cycle_duration_seconds", "Time of one cycle, its tick acknowledged.");
  Gauge& staleness = gauge(r, "headroom_lag_source_staleness_seconds", "Of the last cycle: from observed to acknowledged.");
  Counter& overruns = counter(r, "headroom_lag_source_overruns_total", "Cycles that took longer than the interval.");
  Family<Counter>& failures = counters(r, "headroom_lag_source_failures_total", "Cycles without samples or tick, by where they failed.");
  Gauge& groups = gauge(r, "headroom_lag_source_groups", "Groups with samples in the last cycle.");
  Gauge& denied = gauge(r, "headroom_lag_source_denied_groups", "Groups whose offsets may not be read.");
  Gauge& failed = gauge(r, "headroom_lag_source_failed_groups", "Groups whose offsets were not answered.");
  Gauge& partitions = gauge(r, "headroom_lag_source_partitions", "Partitions that groups read.");
  Gauge& unavailable = gauge(r, "headroom_lag_source_unavailable_partitions", "Of them, those that did not answer.");
  Family<Counter>& samples = counters(r, "headroom_lag_source_samples_total", "Samples written, by quality.");
  Counter& exact = samples.Add({{"quality", "exact"}});
  Counter& interpolated = samples.Add({{"quality", "interpolated"}});
  Counter& bracketed = samples.Add({{"quality", "bracketed"}});
  Counter& unknown = samples.Add({{"quality", "unknown"}});
  Counter& requests = counter(r, "headroom_lag_source_requests_total", "Requests to the watched cluster, without fetches.");
  Counter& look_ups = counter(r, "headroom_lag_source_look_ups_total", "Times of partitions looked up.");
  Counter& reads = counter(r, "headroom_lag_source_reads_total", "Places in partitions read for the stamps of records.");
  Counter& made_anew = counter(r, "headroom_lag_source_topics_made_anew_total", "Partitions that turned out to be another log.");
  Counter& marked = counter(r, "headroom_lag_source_marked_partitions_total", "Partitions whose look-ups turned out wrong.");
  Gauge& tick = gauge(r, "headroom_lag_source_last_tick_timestamp_seconds", "Unix time of the last tick.");
};

LagSourceMetrics::LagSourceMetrics() : families_(std::make_unique<Families>()) {
  for (const char* where : {"observing", "producing"}) families_->failures.Add({{"where", where}});
}
LagSourceMetrics::~LagSourceMetrics() = default;

std::shared_ptr<prometheus::Collectable> LagSourceMetrics::collectable() const {
  return families_->registry;
}

void LagSourceMetrics::cycle(const LagSourceCycle& cycle) {
  Families& f = *families_;
  f.duration.Observe(cycle.duration_seconds);
  f.staleness.Set(cycle.staleness_seconds);
  if (cycle.overrun) f.overruns.Increment();
  f.groups.Set(cycle.groups);
  f.denied.Set(cycle.denied_groups);
  f.failed.Set(cycle.failed_groups);
  f.partitions.Set(cycle.partitions);
  f.unavailable.Set(cycle.unavailable_partitions);
  f.exact.Increment(static_cast<double>(cycle.exact));
  f.interpolated.Increment(static_cast<double>(cycle.interpolated));
  f.bracketed.Increment(static_cast<double>(cycle.bracketed));
  f.unknown.Increment(static_cast<double>(cycle.unknown));
  f.requests.Increment(static_cast<double>(cycle.requests));
  f.look_ups.Increment(static_cast<double>(cycle.look_ups));
  f.reads.Increment(static_cast<double>(cycle.reads));
  f.made_anew.Increment(static_cast<double>(cycle.topics_made_anew));
  f.marked.Increment(static_cast<double>(cycle.marked_partitions));
  f.tick.Set(cycle.tick_unix_seconds);
}

void LagSourceMetrics::failure(const char* where) {
  families_->failures.Add({{"where", where}}).Increment();
}

}  // namespace headroom
