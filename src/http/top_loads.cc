#include "http/top_loads.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/concat.h"
#include "base/hash.h"
#include "base/time_text.h"
#include "codec/target_parts.h"

namespace headroom {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

ClientMetric gauge(Labels labels, double value) {
  ClientMetric out;
  out.label = std::move(labels);
  out.gauge.value = value;
  return out;
}

MetricFamily counter_family(const char* name, const char* help, const char* label, const std::map<std::string_view, uint64_t>& counts) {
  MetricFamily out{name, help, MetricType::Counter, {}};
  for (const auto& [word, count] : counts) {
    ClientMetric metric;
    metric.label = {{label, std::string(word)}};
    metric.counter.value = static_cast<double>(count);
    out.metric.push_back(std::move(metric));
  }
  return out;
}

Labels with(Labels labels, const char* name, std::string value) {
  labels.push_back({name, std::move(value)});
  return labels;
}

}  // namespace

TopLoads::TopLoads(size_t top_k, size_t candidates, int64_t forget_ms)
    : top_k_(top_k), candidates_(std::max(candidates, top_k)), forget_ms_(forget_ms) {}

TopLoads::Target& TopLoads::target_of(std::string_view target, std::string_view metric, int64_t time_ms) {
  newest_ms_ = std::max(newest_ms_, time_ms);
  const uint64_t hash = hash_bytes(metric, hash_bytes(target));
  const auto known = by_hash_.find(hash);
  if (known != by_hash_.end()) {
    known->second.time_ms = std::max(known->second.time_ms, time_ms);
    return known->second;
  }
  if (by_hash_.size() >= 2 * candidates_) make_room();
  Target& made = by_hash_[hash];
  made.target = target;
  made.metric = metric;
  made.time_ms = time_ms;
  return made;
}

// Back to the number of candidates: seldom, because twice as many are let in between.
void TopLoads::make_room() {
  std::erase_if(by_hash_, [&](const auto& entry) { return entry.second.time_ms < newest_ms_ - forget_ms_; });
  if (by_hash_.size() <= candidates_) return;
  std::vector<std::pair<int64_t, uint64_t>> ranks;
  for (const auto& [hash, target] : by_hash_) ranks.emplace_back(-target.desired, hash);
  std::nth_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(candidates_), ranks.end());
  for (size_t i = candidates_; i < ranks.size(); ++i) by_hash_.erase(ranks[i].second);
}

void TopLoads::update(const ForecastReport& report) {
  const std::lock_guard lock(mutex_);
  if (!report.withheld.empty()) ++withheld_[report.withheld];
  Target& target = target_of(report.target, report.metric, report.time_ms);
  target.value = report.value;
  target.relative_error = report.relative_error;
  target.coverage = report.coverage;
  target.scored = report.scored;
  target.ahead.clear();
  for (const auto& ahead : report.ahead) target.ahead.push_back({ahead.steps * report.step_ms, ahead.point, ahead.quantiles[4]});
}

void TopLoads::update(const LoadDecision& decision) {
  const std::lock_guard lock(mutex_);
  ++decisions_[decision.cause];
  Target& target = target_of(decision.target, decision.metric, decision.time_ms);
  target.current = decision.current;
  target.desired = decision.desired;
  target.decided = true;
}

void TopLoads::refused(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  ++refused_[reason];
}

void TopLoads::clear() {
  const std::lock_guard lock(mutex_);
  by_hash_.clear();
}

size_t TopLoads::candidate_count() const {
  const std::lock_guard lock(mutex_);
  return by_hash_.size();
}

std::vector<const TopLoads::Target*> TopLoads::top() const {
  std::vector<const Target*> out;
  for (const auto& [hash, target] : by_hash_)
    if (target.time_ms >= newest_ms_ - forget_ms_) out.push_back(&target);
  const size_t count = std::min(top_k_, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), [](const Target* a, const Target* b) {
    return a->desired != b->desired ? a->desired > b->desired : std::tie(a->target, a->metric) < std::tie(b->target, b->metric);
  });
  out.resize(count);
  return out;
}

std::vector<prometheus::MetricFamily> TopLoads::Collect() const {
  MetricFamily load{"headroom_load", "Load of the last step, of the targets with the most replicas.", MetricType::Gauge, {}};
  MetricFamily forecast{"headroom_load_forecast", "What is expected of the load so far ahead.", MetricType::Gauge, {}};
  MetricFamily error{
      "headroom_forecast_relative_error", "Mean absolute error of forecasts lately, against the last value's.", MetricType::Gauge, {}};
  MetricFamily coverage{"headroom_forecast_coverage", "Share of values lately that their 0.95 quantile covered.", MetricType::Gauge, {}};
  MetricFamily current{"headroom_replicas_current", "Replicas as decisions see them.", MetricType::Gauge, {}};
  MetricFamily desired{"headroom_replicas_desired", "Replicas that are wanted.", MetricType::Gauge, {}};
  const std::lock_guard lock(mutex_);
  for (const Target* target : top()) {
    const TargetParts parts = target_parts(target->target);
    const Labels labels = {{"cluster", std::string(parts.cluster)},
                           {"namespace", std::string(parts.namespace_name)},
                           {"workload", parts.kind.empty() ? std::string(parts.name) : concat(parts.kind, "/", parts.name)},
                           {"metric", target->metric}};
    load.metric.push_back(gauge(labels, target->value));
    for (const Ahead& ahead : target->ahead) {
      const Labels so_far = with(labels, "ahead", format_duration(ahead.ms));
      forecast.metric.push_back(gauge(with(so_far, "quantile", "point"), ahead.point));
      forecast.metric.push_back(gauge(with(so_far, "quantile", "0.95"), ahead.q95));
    }
    if (target->scored > 0) {
      error.metric.push_back(gauge(labels, target->relative_error));
      coverage.metric.push_back(gauge(labels, target->coverage));
    }
    if (!target->decided) continue;
    current.metric.push_back(gauge(labels, static_cast<double>(target->current)));
    desired.metric.push_back(gauge(labels, static_cast<double>(target->desired)));
  }
  return {std::move(load),
          std::move(forecast),
          std::move(error),
          std::move(coverage),
          std::move(current),
          std::move(desired),
          counter_family("headroom_forecasts_withheld_total", "Steps without a forecast, by reason.", "reason", withheld_),
          counter_family("headroom_scale_decisions_total", "Looks at how many replicas a target should have, by what decided.", "cause",
                         decisions_),
          counter_family("headroom_load_samples_refused_total", "Samples of loads that changed nothing, by reason.", "reason", refused_)};
}

}  // namespace headroom
