#pragma once
// Ticks of standings as text, and a detector that watches them: what the tests of detectors share.

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/alert_codec.h"
#include "headroom/testing/every_cut.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/testing/topology_driver.h"
#include "headroom/topology.h"
#include "operators/lag_attribution.h"
#include "operators/lag_detector.h"
#include "operators/lag_select.h"

namespace headroom::testing {

inline constexpr int64_t kStartMs = 1'795'342'500'000;  // 2026-11-22T10:15:00Z, a Sunday
inline constexpr int64_t kTickMs = 5000;

inline int64_t integer(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

inline std::string_view next_part(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

inline LagVerdict verdict_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(LagVerdict::kLosingData); ++i)
    if (verdict_name(static_cast<LagVerdict>(i)) == name) return static_cast<LagVerdict>(i);
  return LagVerdict::kUnknown;
}

inline void set_field(LagStanding& s, std::string_view name, std::string_view value) {
  const int64_t number = integer(value);
  if (name == "cluster") s.cluster = s.context.cluster = s.forgotten.cluster = value;
  if (name == "group") s.group = s.context.group = s.forgotten.group = value;
  if (name == "topic") s.topic = value;
  if (name == "partition") s.partition = static_cast<int32_t>(number);
  if (name == "labels") s.labels = value;
  if (name == "verdict") s.verdict = verdict_named(value);
  if (name == "lag_s") s.lag_ms = number * 1000;
  if (name == "lag_ms") s.lag_ms = number;
  if (name == "records") s.lag_records = number;
  if (name == "commits_s") s.commit_interval_ms = number * 1000;
  if (name == "unread_s") s.oldest_unread_ms = number * 1000;
  if (name == "loss_s") s.loss_ms = number * 1000;
  if (name == "catch_up_s") s.catch_up_ms = number * 1000;
  if (name == "open_s") s.open_transaction_ms = number * 1000;
  if (name == "lost") s.lost_records = number;
  if (name == "committed") s.committed_offset = number;
  if (name == "start") s.log_start_offset = number;
  if (name == "produced") s.produced_milli = number;
  if (name == "consumed") s.consumed_milli = number;
  if (name == "reason") s.forgotten.reason = value;
  if (name == "target") s.context.target = value;
  if (name == "host") s.context.host = value;
  if (name == "lying_milli") s.context.lying_factor_cores = static_cast<double>(number) / 1000;
  if (name == "used_percent") s.context.cpu_used_ratio = static_cast<double>(number) / 100;
  if (name == "host_percent") s.context.host_cpu_ratio = static_cast<double>(number) / 100;
}

// "TIME|partition name=value name=value|...|tick": first the time, then what happens at it: partition, context, forgotten or tick.
inline void decode_standings(const Record& record, uint32_t index, Decoded<LagStanding>& out) {
  std::string_view left = record.value;
  const int64_t time_ms = integer(next_part(left, '|'));
  while (!left.empty()) {
    std::string_view one = next_part(left, '|');
    const std::string_view kind = next_part(one, ' ');
    LagStanding standing;
    standing.time_ms = time_ms;
    standing.interval_ms = kTickMs;
    standing.kind = kind == "tick"        ? StandingKind::kEndOfTick
                    : kind == "context"   ? StandingKind::kContext
                    : kind == "forgotten" ? StandingKind::kForgotten
                                          : StandingKind::kPartition;
    standing.cluster = standing.context.cluster = standing.forgotten.cluster = "east";
    standing.group = standing.context.group = standing.forgotten.group = "pay";
    standing.topic = "orders";
    standing.labels = "env=prod\x1fview=shop";
    standing.verdict = LagVerdict::kOk;
    while (!one.empty()) {
      std::string_view field = next_part(one, ' ');
      const std::string_view name = next_part(field, '=');
      set_field(standing, name, field);
    }
    out.values.push_back({index, standing});
  }
}

inline Topology watching(const std::vector<LagDetectorParams>& detectors) {
  Topology topology("watching");
  const auto standings = from<LagStanding>(topology, "standings", decode_with<LagStanding>(decode_standings));
  for (const auto& detector : detectors)
    standings.map("select." + detector.name, LagSelect(detector))
        .then("detector." + detector.name, LagDetector(detector))
        .then("attribution." + detector.name, LagAttribution(detector))
        .to("alerts", encode_alert);
  return topology;
}

// A detector of lag above 100 s, by group.
inline LagDetectorParams above_100_s() {
  LagDetectorParams params;
  params.name = "lag";
  params.threshold_micro = 100'000'000;
  return params;
}

class Watch {
 public:
  explicit Watch(const LagDetectorParams& params) : driver_(watching({params})) {}

  // What happens between ticks and at the next one, five seconds after the last.
  void tick(const std::string& what) {
    now_ms_ += kTickMs;
    say(what + (what.empty() ? "tick" : "|tick"));
  }
  // Without a tick.
  void say(const std::string& what) { driver_.pipe("", std::to_string(now_ms_) + "|" + what); }
  // One partition with this lag in seconds at each tick.
  void lags(const std::vector<int64_t>& seconds) {
    for (const int64_t one : seconds) tick("partition lag_s=" + std::to_string(one));
  }
  void missing_tick() { tick("partition verdict=unknown"); }
  // Time passes without ticks.
  void silence(int64_t ms) { now_ms_ += ms; }

  // The alerts since the last call: the member `data` of each.
  std::vector<nlohmann::json> alerts() {
    std::vector<nlohmann::json> all;
    for (const auto& record : driver_.take_sent()) all.push_back(nlohmann::json::parse(record.value)["data"]);
    return all;
  }
  // Their states, in short.
  std::string states() {
    std::string text;
    for (const auto& alert : alerts()) text += (text.empty() ? "" : " ") + alert["state"].get<std::string>();
    return text;
  }
  int64_t now_ms() const { return now_ms_; }
  TopologyDriver& driver() { return driver_; }

 private:
  TopologyDriver driver_;
  int64_t now_ms_ = kStartMs;
};

}  // namespace headroom::testing
