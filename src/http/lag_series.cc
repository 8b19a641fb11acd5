#include "http/lag_series.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/concat.h"

namespace headroom {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// A number of one row of a kind, and what it is called.
template <class Row>
struct LagNumber {
  const char* name;
  const char* help;
  std::optional<double> (*value)(const Row&);
};

std::optional<double> plain(const std::optional<int64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

std::optional<double> thousandth(const std::optional<int64_t>& milli) {
  if (!milli) return std::nullopt;
  return static_cast<double>(*milli) / 1000;
}

const std::array<LagNumber<LagPartitionShown>, 3> kOfPartitions = {{
    {"kafka_consumergroup_group_offset", "Last group consumed offset of a partition.",
     [](const LagPartitionShown& p) { return plain(p.committed_offset); }},
    {"kafka_consumergroup_group_lag", "Group offset lag of a partition.", [](const LagPartitionShown& p) { return plain(p.lag_records); }},
    {"kafka_consumergroup_group_lag_seconds", "Group time lag of a partition: time of its last record less that of the last one consumed.",
     [](const LagPartitionShown& p) { return thousandth(p.lag_ms); }},
}};

const std::array<LagNumber<LagGroupShown>, 2> kOfGroups = {{
    {"kafka_consumergroup_group_max_lag_seconds", "Maximum group time lag over its partitions.",
     [](const LagGroupShown& g) { return thousandth(g.max_lag_ms); }},
    {"kafka_consumergroup_group_sum_lag", "Sum of group offset lag over its partitions.",
     [](const LagGroupShown& g) { return plain(g.lag_records); }},
}};

const std::array<LagNumber<LagGroupShown>, 4> kOfOurGroups = {{
    {"headroom_lag_catch_up_seconds", "Until the group has no lag at its present rates; no series when it never will.",
     [](const LagGroupShown& g) { return thousandth(g.catch_up_ms); }},
    {"headroom_lag_time_to_loss_seconds", "Until records that the group has not read fall out of retention.",
     [](const LagGroupShown& g) { return thousandth(g.loss_ms); }},
    {"headroom_lag_produced_records_per_second", "What is produced to the partitions that the group reads.",
     [](const LagGroupShown& g) { return thousandth(g.produced_milli); }},
    {"headroom_lag_consumed_records_per_second", "What the group consumes.",
     [](const LagGroupShown& g) { return thousandth(g.consumed_milli); }},
}};

using ScalingNumber = std::optional<int64_t> LagScalingGauges::*;

std::optional<int64_t> of_scaling(const LagGroupShown& g, ScalingNumber number) {
  return g.scaling ? (*g.scaling).*number : std::nullopt;
}

const std::array<LagNumber<LagGroupShown>, 4> kOfScaling = {{
    {"headroom_lag_scaling_consumers", "Members of a group that is scaled.",
     [](const LagGroupShown& g) { return plain(of_scaling(g, &LagScalingGauges::consumers)); }},
    {"headroom_lag_scaling_consumers_needed", "Consumers that read what is produced and drain the lag in time, partitions dealt out whole.",
     [](const LagGroupShown& g) { return plain(of_scaling(g, &LagScalingGauges::needed)); }},
    {"headroom_lag_scaling_consumers_max_useful", "Consumers that can have a partition.",
     [](const LagGroupShown& g) { return plain(of_scaling(g, &LagScalingGauges::max_useful)); }},
    {"headroom_lag_scaling_consumer_records_per_second", "What one consumer was measured to read; no series until it was.",
     [](const LagGroupShown& g) { return thousandth(of_scaling(g, &LagScalingGauges::rate_of_one_milli)); }},
}};

MetricFamily family(const char* name, const char* help, MetricType type = MetricType::Gauge) {
  return {name, help, type, {}};
}

void add(MetricFamily& to, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  to.metric.push_back(std::move(metric));
}

template <class Row, size_t kCount, class LabelsOf>
void add_numbers(const std::array<LagNumber<Row>, kCount>& numbers, const std::vector<Row>& rows, LabelsOf labels_of,
                 std::vector<MetricFamily>& out) {
  for (const auto& number : numbers) {
    MetricFamily values = family(number.name, number.help);
    for (const auto& row : rows)
      if (const auto value = number.value(row)) add(values, labels_of(row), *value);
    out.push_back(std::move(values));
  }
}

Labels group_labels(const LagGroupShown& g) {
  return {{"cluster_name", g.cluster}, {"group", g.group}};
}
Labels our_group_labels(const LagGroupShown& g) {
  return {{"cluster", g.cluster}, {"group", g.group}};
}

// A name as Prometheus takes it, and not one that the series has already.
std::string label_name(std::string_view name, const std::set<std::string>& taken) {
  std::string out;
  for (const char c : name) out += (isalnum(static_cast<unsigned char>(c)) != 0) ? c : '_';
  if (out.empty() || isdigit(static_cast<unsigned char>(out[0])) != 0 || out.starts_with("__") || taken.contains(out))
    out = concat("label_", out);
  return out;
}

Labels info_labels(const LagGroupShown& g) {
  Labels out = {{"cluster", g.cluster}, {"cluster_name", g.cluster}, {"group", g.group}};
  // The scraper's own, which would hide what the group says.
  std::set<std::string> taken = {"cluster", "cluster_name", "group", "job", "instance"};
  for (std::string_view rest = g.labels; !rest.empty();) {
    const size_t end = std::min(rest.find('\x1f'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals + 1 == pair.size()) continue;
    const std::string name = label_name(pair.substr(0, equals), taken);
    if (taken.insert(name).second) out.push_back({name, std::string(pair.substr(equals + 1))});
  }
  return out;
}

// The later of two that tell of the same; takes the row.
template <class Map, class Row>
void keep_later(Map& map, const typename Map::key_type& key, Row& row, int64_t tick_ms) {
  const auto [at, is_new] = map.try_emplace(key, typename Map::mapped_type{tick_ms, {}});
  if (is_new || at->second.tick_ms <= tick_ms) at->second = {tick_ms, std::move(row)};
}

}  // namespace

void LagSeries::add(const std::string& lane, LagLaneShown shown) {
  if (!shown.tick_ms) return;
  const int64_t tick_ms = *shown.tick_ms;
  lanes_.push_back({lane, tick_ms, shown.interval_ms});
  partitions_known_ += shown.partitions_known;
  for (auto& p : shown.partitions) keep_later(partitions_by_name_, {p.cluster, p.group, p.topic, p.partition}, p, tick_ms);
  for (auto& t : shown.topics) keep_later(topics_by_name_, {t.cluster, t.group, t.topic, 0}, t, tick_ms);
  for (auto& g : shown.groups) {
    const auto [at, is_new] = groups_by_name_.try_emplace({g.cluster, g.group, {}, 0}, g);
    if (!is_new && at->second.time_ms <= g.time_ms) at->second = std::move(g);
  }
  for (auto& c : shown.clusters) {
    LagClusterShown& all = clusters_[c.cluster];
    if (c.poll_ms) all.poll_ms = std::max(all.poll_ms.value_or(0), *c.poll_ms);
    for (size_t i = 0; i < c.by_quality.size(); ++i) all.by_quality.at(i) += c.by_quality.at(i);
  }
}

void LagSeries::cut() {
  for (auto& [names, p] : partitions_by_name_) partitions_.push_back(std::move(p.shown));
  // Those that are always shown first; of equal ones the first by name.
  std::stable_sort(partitions_.begin(), partitions_.end(),
                   [](const auto& a, const auto& b) { return a.always != b.always ? a.always : a.rank() > b.rank(); });
  const auto ranked = std::find_if(partitions_.begin(), partitions_.end(), [](const auto& p) { return !p.always; });
  const auto kept = static_cast<size_t>(ranked - partitions_.begin()) + limits_.partitions;
  if (partitions_.size() > kept) partitions_.resize(kept);
  left_out_partitions_ = partitions_known_ - std::min<uint64_t>(partitions_known_, partitions_.size());

  for (auto& [names, t] : topics_by_name_) {
    if (t.shown.max_records) {
      int64_t& most = most_records_[{t.shown.cluster, t.shown.group, {}, 0}];
      most = std::max(most, *t.shown.max_records);
    }
    topics_.push_back(std::move(t.shown));
  }
  std::stable_sort(topics_.begin(), topics_.end(),
                   [](const auto& a, const auto& b) { return a.sum_records.value_or(0) > b.sum_records.value_or(0); });
  left_out_topics_ = topics_.size() - std::min(topics_.size(), limits_.group_topics);
  topics_.resize(topics_.size() - left_out_topics_);

  for (auto& [names, g] : groups_by_name_) groups_.push_back(std::move(g));
  std::stable_sort(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.severity, a.max_lag_ms.value_or(0)) > std::pair(b.severity, b.max_lag_ms.value_or(0));
  });
  left_out_groups_ = groups_.size() - std::min(groups_.size(), limits_.groups);
  groups_.resize(groups_.size() - left_out_groups_);
}

void LagSeries::add_partitions(std::vector<MetricFamily>& out) const {
  const auto labels_of = [](const LagPartitionShown& p) -> Labels {
    return {{"cluster_name", p.cluster}, {"group", p.group},  {"topic", p.topic}, {"partition", std::to_string(p.partition)},
            {"member_host", ""},         {"consumer_id", ""}, {"client_id", ""}};
  };
  add_numbers(kOfPartitions, partitions_, labels_of, out);
}

// Several groups read one partition; of what they were told the end that is furthest is the latest.
void LagSeries::add_log_ends(std::vector<MetricFamily>& out) const {
  MetricFamily latest = family("kafka_partition_latest_offset", "Latest offset of a partition.");
  MetricFamily earliest = family("kafka_partition_earliest_offset", "Earliest offset of a partition.");
  std::map<Names, std::pair<std::optional<int64_t>, std::optional<int64_t>>> ends;
  for (const auto& p : partitions_) {
    auto& [end, start] = ends[{p.cluster, {}, p.topic, p.partition}];
    end = std::max(end, p.end_offset);  // none is less than any
    start = std::max(start, p.log_start_offset);
  }
  for (const auto& [names, offsets] : ends) {
    const Labels labels = {
        {"cluster_name", std::get<0>(names)}, {"topic", std::get<2>(names)}, {"partition", std::to_string(std::get<3>(names))}};
    if (offsets.first) headroom::add(latest, labels, static_cast<double>(*offsets.first));
    if (offsets.second) headroom::add(earliest, labels, static_cast<double>(*offsets.second));
  }
  out.push_back(std::move(latest));
  out.push_back(std::move(earliest));
}

void LagSeries::add_topics(std::vector<MetricFamily>& out) const {
  MetricFamily sums = family("kafka_consumergroup_group_topic_sum_lag", "Sum of group offset lag over the partitions of a topic.");
  for (const auto& t : topics_)
    if (t.sum_records)
      headroom::add(sums, {{"cluster_name", t.cluster}, {"group", t.group}, {"topic", t.topic}}, static_cast<double>(*t.sum_records));
  out.push_back(std::move(sums));
}

void LagSeries::add_groups(std::vector<MetricFamily>& out) const {
  MetricFamily most = family("kafka_consumergroup_group_max_lag", "Maximum group offset lag over its partitions.");
  MetricFamily verdicts = family("headroom_lag_verdict", "1 for the verdict that stands on the group: that of its worst partition.");
  MetricFamily infos =
      family("headroom_lag_group_info", "Always 1; the group's labels, to join with what has `cluster` or `cluster_name`.");
  MetricFamily lost = family("headroom_lag_lost_records_total",
                             "Records that were deleted before the group read them, since it was first "
                             "seen here.",
                             MetricType::Counter);
  for (const auto& g : groups_) {
    if (const auto found = most_records_.find({g.cluster, g.group, {}, 0}); found != most_records_.end())
      headroom::add(most, group_labels(g), static_cast<double>(found->second));
    Labels labels = our_group_labels(g);
    ClientMetric counter;
    counter.label = labels;
    counter.counter.value = static_cast<double>(g.lost_records);
    lost.metric.push_back(std::move(counter));
    labels.push_back({"verdict", std::string(g.verdict)});
    headroom::add(verdicts, std::move(labels), 1);
    headroom::add(infos, info_labels(g), 1);
  }
  out.push_back(std::move(most));
  add_numbers(kOfGroups, groups_, group_labels, out);
  out.push_back(std::move(verdicts));
  out.push_back(std::move(infos));
  out.push_back(std::move(lost));
  add_numbers(kOfOurGroups, groups_, our_group_labels, out);
}

void LagSeries::add_scaling(std::vector<MetricFamily>& out) const {
  MetricFamily outcomes = family("headroom_lag_scaling_outcome",
                                 "1 for what came of looking at how many consumers the group needs: steady, command, or why it holds.");
  for (const auto& g : groups_) {
    if (!g.scaling) continue;
    Labels labels = our_group_labels(g);
    labels.push_back({"outcome", std::string(g.scaling->outcome)});
    headroom::add(outcomes, std::move(labels), 1);
  }
  out.push_back(std::move(outcomes));
  add_numbers(kOfScaling, groups_, our_group_labels, out);
}

void LagSeries::add_clusters(std::vector<MetricFamily>& out) const {
  constexpr std::array<const char*, 4> kQualities = {"unknown", "bracketed", "interpolated", "exact"};
  MetricFamily polls =
      family("kafka_consumergroup_poll_time_ms", "Time that the last observation of all groups took, by its samples and tick.");
  MetricFamily known = family("headroom_lag_partitions", "Partitions of groups that are judged.");
  MetricFamily shares = family("headroom_lag_quality_ratio", "Share of the partitions of groups whose times are known so well.");
  for (const auto& [name, cluster] : clusters_) {
    if (cluster.poll_ms) headroom::add(polls, {{"cluster_name", name}}, static_cast<double>(*cluster.poll_ms));
    uint64_t all = 0;
    for (const uint64_t count : cluster.by_quality) all += count;
    if (all == 0) continue;
    headroom::add(known, {{"cluster", name}}, static_cast<double>(all));
    for (size_t i = 0; i < kQualities.size(); ++i)
      headroom::add(shares, {{"cluster", name}, {"quality", kQualities.at(i)}},
                    static_cast<double>(cluster.by_quality.at(i)) / static_cast<double>(all));
  }
  out.push_back(std::move(polls));
  out.push_back(std::move(known));
  out.push_back(std::move(shares));
}

void LagSeries::add_lanes(std::vector<MetricFamily>& out) const {
  MetricFamily ages = family("headroom_lag_tick_age_seconds", "Time since the last tick that the lane judged at.");
  MetricFamily intervals = family("headroom_lag_tick_interval_seconds", "How often the lane's source ticks.");
  for (const auto& [lane, tick_ms, interval_ms] : lanes_) {
    headroom::add(ages, {{"lane", lane}}, static_cast<double>(std::max<int64_t>(0, now_ms_ - tick_ms)) / 1000);
    if (interval_ms > 0) headroom::add(intervals, {{"lane", lane}}, static_cast<double>(interval_ms) / 1000);
  }
  MetricFamily left_out = family("headroom_lag_series_left_out", "What has no series of its own because there would be too many.");
  headroom::add(left_out, {{"of", "partitions"}}, static_cast<double>(left_out_partitions_));
  headroom::add(left_out, {{"of", "group_topics"}}, static_cast<double>(left_out_topics_));
  headroom::add(left_out, {{"of", "groups"}}, static_cast<double>(left_out_groups_));
  out.push_back(std::move(ages));
  out.push_back(std::move(intervals));
  out.push_back(std::move(left_out));
}

std::vector<MetricFamily> LagSeries::families() {
  if (lanes_.empty()) return {};
  cut();
  std::vector<MetricFamily> out;
  add_partitions(out);
  add_log_ends(out);
  add_topics(out);
  add_groups(out);
  add_scaling(out);
  add_clusters(out);
  add_lanes(out);
  return out;
}

}  // namespace headroom
