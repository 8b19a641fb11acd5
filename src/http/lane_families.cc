#include "http/lane_families.h"

#include <array>

namespace headroom {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

struct LaneNumber {
  const char* name;
  const char* help;
  double (*value)(const LaneGauges&);
};

constexpr std::array<LaneNumber, 8> kNumbers = {{
    {"headroom_checkpoint_age_seconds", "Time since the lane's last confirmed checkpoint.",
     [](const LaneGauges& g) { return g.checkpoint_age_seconds; }},
    {"headroom_replay_debt_records", "Records that a crash now would have to replay.",
     [](const LaneGauges& g) { return static_cast<double>(g.replay_debt_records); }},
    {"headroom_lag_records", "Records of the lane's input that are not processed yet.",
     [](const LaneGauges& g) { return static_cast<double>(g.lag_records); }},
    {"headroom_lag_seconds", "Age of the oldest record of the lane's input that is not processed yet.",
     [](const LaneGauges& g) { return g.lag_seconds; }},
    {"headroom_watermark_timestamp_seconds", "The lane's greatest event time, as Unix time.",
     [](const LaneGauges& g) { return g.watermark_seconds; }},
    {"headroom_keys", "Keys that have state in the lane.", [](const LaneGauges& g) { return static_cast<double>(g.keys); }},
    {"headroom_state_bytes", "Size of the lane's state as checkpointed.",
     [](const LaneGauges& g) { return static_cast<double>(g.state_bytes); }},
    {"headroom_lane_epoch", "How often the lane had a new owner.", [](const LaneGauges& g) { return static_cast<double>(g.epoch); }},
}};

ClientMetric gauge(std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric out;
  out.label = std::move(labels);
  out.gauge.value = value;
  return out;
}

MetricFamily family(const char* name, const char* help) {
  return {name, help, prometheus::MetricType::Gauge, {}};
}

}  // namespace

std::vector<MetricFamily> lane_families(const std::map<std::string, LaneGauges>& lanes) {
  std::vector<MetricFamily> out;
  for (const LaneNumber& number : kNumbers) {
    MetricFamily numbers = family(number.name, number.help);
    for (const auto& [lane, gauges] : lanes) {
      if (const double value = number.value(gauges); value >= 0) numbers.metric.push_back(gauge({{"lane", lane}}, value));
    }
    out.push_back(std::move(numbers));
  }
  MetricFamily states = family("headroom_lane_state", "1 for the state that the lane is in.");
  MetricFamily paused = family("headroom_lane_paused", "1 while the lane is paused, with the reason.");
  for (const auto& [lane, gauges] : lanes) {
    if (!gauges.state.empty()) states.metric.push_back(gauge({{"lane", lane}, {"state", gauges.state}}, 1));
    if (!gauges.paused_reason.empty()) paused.metric.push_back(gauge({{"lane", lane}, {"reason", gauges.paused_reason}}, 1));
  }
  out.push_back(std::move(states));
  out.push_back(std::move(paused));
  return out;
}

}  // namespace headroom
