#include "cli/run_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom {
namespace {

constexpr double kSeconds = 1e-6;

// The value of a string member of a command, by its text: commands are written by this binary, without blanks.
std::string_view member(std::string_view json, std::string_view name) {
  const std::string quoted = "\"" + std::string(name) + "\":\"";
  const size_t at = json.find(quoted);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + quoted.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

nlohmann::ordered_json spot_json(const SpotView& spot) {
  nlohmann::ordered_json json = {{"provider", spot_provider_name(spot.provider)}, {"watching", spot.watching}};
  if (!spot.notice) return json;
  json["notice"] = {{"provider", spot_provider_name(spot.notice->provider)}, {"kind", notice_kind_name(spot.notice->kind)}};
  if (spot.notice->deadline_ms != 0) json["notice"]["deadline"] = format_rfc3339(spot.notice->deadline_ms);
  json["state"] = spot.left ? "drained" : "leaving";
  if (spot.left) json["drained_until"] = format_rfc3339(spot.drained_until_ms);
  return json;
}

}  // namespace

void MetricsProbe::on_batch(uint64_t, int64_t duration_us) {
  metrics_.batch(topology_, static_cast<double>(duration_us) * kSeconds);
}

void MetricsProbe::on_commit(CommitOutcome outcome, int64_t duration_us) {
  metrics_.commit(topology_, outcome_name(outcome), static_cast<double>(duration_us) * kSeconds);
  if (outcome == CommitOutcome::kFenced) metrics_.fenced();
}

void MetricsProbe::on_output(const OutRecord& record, int64_t committed_ms) {
  const std::string_view action = member(record.value, "action");
  if (action.empty()) return;
  metrics_.action(action, member(record.value, "resource"), member(record.value, "mode"));
  if (record.arrival_ms >= 0) metrics_.action_latency(static_cast<double>(std::max<int64_t>(0, committed_ms - record.arrival_ms)) * 1e-3);
}

void MetricsProbe::on_checkpoint(std::string_view outcome, uint64_t pages, uint64_t bytes, int64_t duration_us) {
  metrics_.checkpoint(outcome, static_cast<double>(duration_us) * kSeconds, bytes, pages);
}

void MetricsProbe::on_checkpoint_work(int64_t duration_us) {
  metrics_.checkpoint_stall(static_cast<double>(duration_us) * kSeconds);
}

void MetricsProbe::on_restore(uint64_t, int64_t duration_us) {
  metrics_.restore(static_cast<double>(duration_us) * kSeconds);
}

void MetricsProbe::on_replay(uint64_t records, int64_t duration_us) {
  metrics_.replay(static_cast<double>(duration_us) * kSeconds, records);
}

void MetricsProbe::on_rebalance(bool) {
  metrics_.rebalance();
}

void MetricsProbe::on_takeover() {
  metrics_.transaction_ended();
}

void MetricsProbe::on_gap(uint64_t records) {
  metrics_.deleted_records(records);
}

void MetricsProbe::on_difference(std::string_view) {
  metrics_.replay_difference();
}

TopologyObservers metrics_observers(WorkerMetrics& metrics, TopWorkloads& workloads) {
  TopologyObservers observers;
  observers.assessment = [&metrics, &workloads](const LaneIdentity& lane, const Assessment& a) {
    if (a.outcome == Outcome::kLate) return metrics.late(lane.topology, 1);
    if (const auto reason = suppressed_reason(a.outcome); !reason.empty()) metrics.suppressed(reason, 1);
    if (a.outcome == Outcome::kNoInstance || a.cause == Cause::kOomKill) return;
    const double unit = a.resource == Resource::kCpu ? 1e-6 : 1.0;
    WorkloadSize size;
    size.target = a.target;
    size.container = a.container;
    size.host = a.host;
    size.environment = a.environment;
    size.instance_type = a.instance_type;
    size.resource = a.resource;
    size.reserved = static_cast<double>(a.current) * unit;
    size.lying_factor = static_cast<double>(a.current - a.evidence.used_mean) * unit;
    size.recommended = static_cast<double>(a.desired > 0 ? a.desired : a.current) * unit;
    size.time_ms = a.time_ms;
    workloads.update(size);
  };
  return observers;
}

ObserveLoad load_metrics_observer(TopLoads& loads) {
  struct See {
    TopLoads& loads;
    void operator()(const ForecastReport& report) const { loads.update(report); }
    void operator()(const LoadRefusal& refusal) const { loads.refused(refusal.reason); }
    void operator()(const LoadAssessment& made) const {
      const ScaleChoice& choice = made.choice;
      loads.update(LoadDecision{.target = made.target,
                                .metric = made.metric,
                                .cause = scale_cause_name(choice.cause),
                                .time_ms = made.time_ms,
                                .current = choice.current,
                                .desired = choice.desired});
    }
  };
  return [&loads](const LaneIdentity&, const LoadOutput& output) { std::visit(See{loads}, output); };
}

std::string status_json(std::string_view installation, std::span<const std::unique_ptr<WorkerThread>> workers, const SpotView& spot) {
  using Json = nlohmann::ordered_json;
  Json report = {{"installation", installation}, {"workers", Json::array()}};
  for (const auto& thread : workers) {
    const WorkerStatus status = thread->status();
    Json lanes = Json::array();
    for (const auto& lane : status.lanes) {
      Json l = {{"lane", lane.lane},
                {"phase", phase_name(lane.phase)},
                {"next_offset", lane.next_offset},
                {"committed", lane.committed},
                {"checkpoint", lane.checkpoint},
                {"log_end", lane.log_end},
                {"replay_debt_records", lane.replay_debt_records},
                {"checkpoint_age_ms", lane.checkpoint_age_ms},
                {"keys", lane.keys},
                {"records", lane.counts.records}};
      if (lane.watermark_ms != INT64_MIN) l["watermark_ms"] = lane.watermark_ms;
      if (!lane.trouble.empty()) l["trouble"] = lane.trouble;
      if (!lane.pause_reason.empty()) l["paused"] = lane.pause_reason;
      lanes.push_back(std::move(l));
    }
    Json w = {{"topology", thread->options().topology},
              {"slot", thread->options().slot},
              {"assigned", status.assigned},
              {"store_connected", status.store_connected},
              {"lanes", std::move(lanes)}};
    if (!status.trouble.empty()) w["trouble"] = status.trouble;
    report["workers"].push_back(std::move(w));
  }
  if (spot.provider != SpotProvider::kOff) report["spot"] = spot_json(spot);
  return report.dump();
}

Readiness readiness_of(std::span<const std::unique_ptr<WorkerThread>> workers, const SpotView& spot) {
  Readiness readiness;
  if (spot.notice) {
    const std::string whose =
        concat("spot notice (", spot_provider_name(spot.notice->provider), ", ", notice_kind_name(spot.notice->kind), ")");
    readiness.reasons.push_back(spot.left ? concat("drained after a ", whose, "; ends at ", format_rfc3339(spot.drained_until_ms))
                                          : concat("leaving on a ", whose));
  }
  for (const auto& thread : workers) {
    const WorkerStatus status = thread->status();
    const std::string who = thread->options().topology + " in slot " + thread->options().slot;
    if (spot.left) continue;
    if (thread->ended()) readiness.reasons.push_back(who + ": ended");
    if (!status.assigned) readiness.reasons.push_back(who + ": no partitions assigned yet");
    if (!status.trouble.empty()) readiness.reasons.push_back(who + ": " + status.trouble);
    for (const auto& lane : status.lanes) {
      if (lane.phase != LanePhase::kLive)
        readiness.reasons.push_back("lane " + lane.lane + ": " + std::string(phase_name(lane.phase)) +
                                    (lane.trouble.empty() ? "" : ": " + lane.trouble));
      else if (!lane.trouble.empty())
        readiness.reasons.push_back("lane " + lane.lane + ": " + lane.trouble);
    }
    readiness.details.push_back(who + ": " + std::to_string(status.lanes.size()) + " lanes, Redis " +
                                (status.store_connected ? "connected" : "away"));
  }
  return readiness;
}

void LanePublisher::publish(std::span<const std::unique_ptr<WorkerThread>> workers, int64_t now_ms, const SpotView& spot) {
  std::vector<std::string> seen;
  bool redis_up = true;
  for (const auto& thread : workers) {
    const WorkerStatus status = thread->status();
    redis_up &= status.store_connected;
    for (const auto& lane : status.lanes) {
      LaneGauges gauges;
      gauges.state = phase_name(lane.phase);
      gauges.paused_reason = lane.pause_reason;
      gauges.checkpoint_age_seconds = static_cast<double>(lane.checkpoint_age_ms) * 1e-3;
      gauges.replay_debt_records = static_cast<int64_t>(lane.replay_debt_records);
      if (lane.log_end >= 0) gauges.lag_records = std::max<int64_t>(0, lane.log_end - lane.next_offset);
      if (lane.last_record_timestamp_ms >= 0)
        gauges.lag_seconds =
            gauges.lag_records == 0 ? 0.0 : static_cast<double>(std::max<int64_t>(0, now_ms - lane.last_record_timestamp_ms)) * 1e-3;
      if (lane.watermark_ms != INT64_MIN) gauges.watermark_seconds = static_cast<double>(lane.watermark_ms) * 1e-3;
      gauges.keys = static_cast<int64_t>(lane.keys);
      metrics_.set_lane(lane.lane, gauges);
      metrics_.count_task(thread->options().topology, lane.lane, lane.counts);
      seen.push_back(lane.lane);
    }
  }
  for (const auto& lane : shown_) {
    if (std::find(seen.begin(), seen.end(), lane) != seen.end()) continue;
    metrics_.remove_lane(lane);
    lag_.remove_lane(lane);
  }
  shown_ = std::move(seen);
  metrics_.set_redis(redis_up, 0);
  metrics_.set_ready(readiness_of(workers, spot).reasons.empty());
}

}  // namespace headroom
