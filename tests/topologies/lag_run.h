#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_reader.h"
#include "headroom/lag_codec.h"
#include "headroom/testing/topology_driver.h"
#include "operators/lag_follow.h"
#include "operators/lag_groups.h"
#include "operators/lag_partitions.h"
#include "topologies/lag_watch.h"

// lag_watch over records in memory, for tests: what it said of partitions and groups.
namespace headroom::testing {

struct LagNote {
  int64_t time_ms = 0;
  LagVerdict verdict = LagVerdict::kUnknown;
  LagVerdict group_verdict = LagVerdict::kUnknown;
  std::string text;  // the whole standing
};

inline LagWatchParams lag_params(const std::string& settings_json, Status& status) {
  LagWatchParams params;
  status = read_settings_text(settings_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  return params;
}

// Everything that a standing says, "name=value" joined by blanks, what is absent left out.
class StandingText {
 public:
  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value);
  }
  template <std::integral N>
  void add(std::string_view name, N value) {
    add(name, std::string_view(std::to_string(value)));
  }
  template <class N>
  void add(std::string_view name, const std::optional<N>& value) {
    if (value) add(name, static_cast<int64_t>(*value));
  }
  std::string text;
};

inline std::string text_of(const LagStanding& in) {
  StandingText out;
  out.add("kind", static_cast<int>(in.kind));
  out.add("time_ms", in.time_ms);
  out.add("interval_ms", in.interval_ms);
  out.add("cluster", in.cluster);
  out.add("group", in.group);
  out.add("topic", in.topic);
  out.add("partition", in.partition);
  out.add("labels", in.labels);
  out.add("verdict", verdict_name(in.verdict));
  out.add("since_ms", in.since_ms);
  out.add("quality", static_cast<int>(in.quality));
  out.add("sample_ms", in.sample_ms);
  out.add("fresh", static_cast<int>(in.fresh));
  out.add("committed_offset", in.committed_offset);
  out.add("log_start_offset", in.log_start_offset);
  out.add("end_offset", in.end_offset);
  out.add("lag_records", in.lag_records);
  out.add("lag_ms", in.lag_ms);
  out.add("lag_error_ms", in.lag_error_ms);
  out.add("commit_interval_ms", in.commit_interval_ms);
  out.add("oldest_unread_ms", in.oldest_unread_ms);
  out.add("produced_milli", in.produced_milli);
  out.add("consumed_milli", in.consumed_milli);
  out.add("catch_up_ms", in.catch_up_ms);
  out.add("loss_ms", in.loss_ms);
  out.add("lost_records", in.lost_records);
  out.add("open_transaction_ms", in.open_transaction_ms);
  out.add("members", in.members);
  out.add("assigned", in.assigned);
  out.add("group_state", in.group_state);
  out.add("target", in.context.target);
  out.add("reason", in.forgotten.reason);
  return out.text;
}

inline std::string text_of(const LagGroupStanding& in) {
  StandingText out;
  out.add("time_ms", in.time_ms);
  out.add("interval_ms", in.interval_ms);
  out.add("cluster", in.cluster);
  out.add("group", in.group);
  out.add("labels", in.labels);
  out.add("forgotten", static_cast<int>(in.forgotten));
  out.add("verdict", verdict_name(in.verdict));
  out.add("since_ms", in.since_ms);
  out.add("worst_topic", in.worst_topic);
  out.add("worst_partition", in.worst_partition);
  out.add("partitions", in.partitions);
  out.add("widest_topic", in.widest_topic);
  out.add("assigned", in.assigned);
  out.add("lag_records", in.lag_records);
  out.add("max_lag_ms", in.max_lag_ms);
  out.add("produced_milli", in.produced_milli);
  out.add("consumed_milli", in.consumed_milli);
  out.add("catch_up_ms", in.catch_up_ms);
  out.add("loss_ms", in.loss_ms);
  out.add("lost_records", in.lost_records);
  out.add("behind", in.behind);
  out.add("assigned_behind", in.assigned_behind);
  out.add("missing", in.missing);
  out.add("members", in.members);
  out.add("group_state", in.group_state);
  out.add("context_group", in.context.group);
  out.add("target", in.context.target);
  return out.text;
}

// The value of a member in such a text; empty when it is absent.
inline std::string member_of(const std::string& text, const std::string& name) {
  const std::string whole = " " + text + " ";
  const size_t at = whole.find(" " + name + "=");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 2;
  return whole.substr(begin, whole.find(' ', begin) - begin);
}

template <class Lines>
std::vector<LagNote> run_lag(const LagWatchParams& params, const Lines& records, std::vector<OutRecord>* rejected = nullptr) {
  std::vector<LagNote> notes;
  LagObservers observe;
  observe.partition = [&notes](const LaneIdentity&, const LagStanding& in) {
    if (in.kind == StandingKind::kPartition) notes.push_back({in.time_ms, in.verdict, LagVerdict::kOk, text_of(in)});
  };
  observe.group = [&notes](const LaneIdentity&, const LagGroupStanding& in) {
    if (!notes.empty() && !in.forgotten) notes.back().group_verdict = in.verdict;
  };
  TopologyDriver driver(lag_watch(params, {}, observe));
  for (const std::string& record : records) driver.pipe({}, record);
  if (rejected != nullptr) *rejected = driver.rejected();
  return notes;
}

// The chain of lag_watch with all that it says written to a topic, so that runs can be compared.
inline Topology standings_topology(const LagWatchParams& params) {
  Topology topology("standings");
  auto partitions = from<LagEvent>(topology, params.topic, [] { return make_lag_decoder(); })
                        .then("source", LagFollow())
                        .then("partitions", LagPartitions(params.judging));
  partitions.to("partition-standings", [](const LagStanding& in, const Envelope&, Encoded& out) { out.value = text_of(in); });
  partitions.then("groups", LagGroups()).to("group-standings", [](const LagGroupStanding& in, const Envelope&, Encoded& out) {
    out.value = text_of(in);
  });
  return topology;
}

}  // namespace headroom::testing
