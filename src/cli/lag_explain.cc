#include "cli/lag_explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/lag_table.h"
#include "cli/scale_explain.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kLeastPatienceMs = 30'000;
constexpr int64_t kLeastSlopeMs = 60'000;

std::string number(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "unknown";
}

// How long a commit may be missing: max(30 s, 1.5 c).
int64_t patience_ms(const LagStanding& s, int64_t assumed_commit_ms) {
  return std::max(kLeastPatienceMs, s.commit_interval_ms.value_or(assumed_commit_ms) * 3 / 2);
}

std::string patience(const LagStanding& s, int64_t assumed_commit_ms) {
  const std::string interval = s.commit_interval_ms
                                   ? concat("its commit interval of ", lag_duration(*s.commit_interval_ms))
                                   : concat("a commit interval of ", lag_duration(assumed_commit_ms), ", as none was seen");
  return concat(lag_duration(patience_ms(s, assumed_commit_ms)), " (1.5 times ", interval, "; at least 30 s)");
}

std::string slope(const LagStanding& s, int64_t assumed_commit_ms) {
  return concat("over ", lag_duration(std::max(kLeastSlopeMs, 3 * patience_ms(s, assumed_commit_ms))), " by more than 0.05 s a second");
}

std::string why_unknown(const LagStanding& s) {
  if (!s.end_offset) return "the partition was not available when it was last observed";
  if (!s.committed_offset) return "the group has committed nothing here";
  if (s.interval_ms > 0 && s.time_ms - s.sample_ms > 3 * s.interval_ms)
    return concat("there has been no sample for 3 intervals; the last is ", lag_duration(s.time_ms - s.sample_ms), " old");
  return "the times of its records are not known";
}

std::string why_ok(const LagStanding& s, int64_t assumed_commit_ms) {
  if (!s.lag_records) return "no record waits";
  if (*s.lag_records == 0) return "no record waits: it has consumed up to the end";
  return concat("its lag is within what is allowed, or neither grows nor falls ", slope(s, assumed_commit_ms));
}

std::string why_losing(const LagStanding& s) {
  return concat("its committed offset ", number(s.committed_offset), " is below the log start ", number(s.log_start_offset), ": ",
                number(s.lost_records), " records were deleted before it read them");
}

std::string why_near_retention(const LagStanding& s) {
  return concat("unread records fall out of retention in ", s.loss_ms ? lag_duration(*s.loss_ms) : "too short a time",
                ": less than an hour or a fifth of the retention");
}

std::string why_abandoned(const LagStanding& s, int64_t assumed_commit_ms) {
  const int64_t quiet_ms = std::max<int64_t>(600'000, patience_ms(s, assumed_commit_ms));
  return concat("the group has ", s.members ? std::to_string(*s.members) : "some",
                " members and other partitions assigned to them, but not this one, and committed nothing here for ",
                lag_duration(quiet_ms));
}

std::string tick_text(int64_t time_ms) {
  return format_rfc3339(time_ms / 1000 * 1000);
}

std::string since_text(int64_t since_ms, bool older) {
  return concat(older ? " since before " : " since ", tick_text(since_ms));
}

std::string lag_text(const LagStanding& s) {
  if (!s.lag_records && !s.lag_ms) return "lag unknown";
  std::string seconds = "seconds unknown";
  if (s.lag_ms) {
    seconds = concat(lag_duration(*s.lag_ms), " (", lag_quality_name(s.quality));
    if (s.lag_error_ms > 0) seconds += concat(", within ", lag_duration(s.lag_error_ms));
    seconds += ")";
  }
  return concat("lag ", number(s.lag_records), " records, ", seconds);
}

std::string catch_up_text(const LagStanding& s) {
  if (s.catch_up_ms) return concat("catches up in ", lag_duration(*s.catch_up_ms));
  return s.produced_milli && s.consumed_milli ? "never catches up at these rates" : "time to catch up unknown";
}

std::string rates_text(const LagStanding& s) {
  const auto rate = [](const std::optional<int64_t>& milli) { return milli ? concat(lag_rate(*milli), "/s") : std::string("unknown"); };
  std::string out = concat("produced ", rate(s.produced_milli), ", consumed ", rate(s.consumed_milli));
  if (s.lag_records.value_or(0) > 0) out += concat("; ", catch_up_text(s));
  if (s.loss_ms) out += concat("; loses records in ", lag_duration(*s.loss_ms));
  return out;
}

std::string consumers_text(const LagStanding& s, const std::string& state) {
  std::string out = s.members ? concat(std::to_string(*s.members), *s.members == 1 ? " member" : " members") : "members unknown";
  if (!state.empty()) out += concat(", ", printable(state));
  if (s.assigned) out += *s.assigned ? ", assigned" : ", assigned to none";
  if (s.commit_interval_ms) out += concat(", commits every ", lag_duration(*s.commit_interval_ms));
  return out;
}

void append_partition(const LagPartitionRow& row, const std::string& state, int64_t assumed_commit_ms, std::vector<std::string>& out) {
  const LagStanding& s = row.standing;
  out.push_back(concat("  ", printable(row.topic), "/", std::to_string(s.partition), "  ", verdict_name(s.verdict),
                       since_text(s.since_ms, row.older), " (", lag_duration(std::max<int64_t>(0, s.time_ms - s.since_ms)),
                       "): ", verdict_reason(s, assumed_commit_ms)));
  out.push_back(concat("      committed ", number(s.committed_offset), ", log start ", number(s.log_start_offset), ", end ",
                       number(s.end_offset), "; ", lag_text(s),
                       s.oldest_unread_ms ? concat("; oldest unread record ", lag_duration(*s.oldest_unread_ms), " old") : ""));
  out.push_back(concat("      ", rates_text(s), "; ", consumers_text(s, state)));
  if (s.open_transaction_ms)
    out.push_back(concat("      an open transaction has held its end back for ", lag_duration(*s.open_transaction_ms)));
}

// The group's own line; what lag_watch said of the whole, or the worst of its partitions where it has not yet.
std::string group_line(const std::string& cluster, const std::string& group, const LagGroupRow* row, const LagPartitionRow& worst,
                       size_t partitions) {
  const LagVerdict verdict = row != nullptr ? row->standing.verdict : worst.standing.verdict;
  std::string out = concat(printable(group), " on ", printable(cluster), ": ", verdict_name(verdict));
  if (row == nullptr) return out;
  out += concat(since_text(row->standing.since_ms, row->older), ", by ", printable(row->worst_topic), "/",
                std::to_string(row->standing.worst_partition), "; ", std::to_string(partitions),
                partitions == 1 ? " partition" : " partitions");
  if (row->standing.members) out += concat(", ", std::to_string(*row->standing.members), " members");
  if (!row->state.empty()) out += concat(", ", printable(row->state));
  if (row->labels.empty()) return out;
  std::string labels = row->labels;
  std::replace(labels.begin(), labels.end(), '\x1f', ' ');
  return concat(out, "; ", printable(labels));
}

Json whole(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json seconds(const std::optional<int64_t>& ms) {
  return ms ? Json(static_cast<double>(*ms) / 1000) : Json(nullptr);
}

}  // namespace

std::string verdict_reason(const LagStanding& s, int64_t assumed_commit_ms) {
  switch (s.verdict) {
    case LagVerdict::kOk:
      return why_ok(s, assumed_commit_ms);
    case LagVerdict::kUnknown:
      return why_unknown(s);
    case LagVerdict::kCatchingUp:
      return concat("its lag in seconds falls ", slope(s, assumed_commit_ms));
    case LagVerdict::kAbandoned:
      return why_abandoned(s, assumed_commit_ms);
    case LagVerdict::kFallingBehind:
      return concat("its lag in seconds grows ", slope(s, assumed_commit_ms));
    case LagVerdict::kRewound:
      return "its committed offset fell under an earlier one and has not passed it since";
    case LagVerdict::kStalled:
      return concat("its committed offset ", number(s.committed_offset), " has not moved for ", patience(s, assumed_commit_ms),
                    " while records wait");
    case LagVerdict::kStopped:
      return concat("the group has no members and has committed nothing here for ", patience(s, assumed_commit_ms));
    case LagVerdict::kNearRetention:
      return why_near_retention(s);
    case LagVerdict::kLosingData:
      return why_losing(s);
  }
  return {};
}

std::vector<std::string> explain_lines(const std::vector<LagGroupRow>& groups, std::vector<LagPartitionRow> partitions, size_t limit,
                                       int64_t assumed_commit_ms) {
  const auto badness = [](const LagPartitionRow& row) {
    return std::tuple(row.standing.verdict, row.standing.lag_ms.value_or(-1), row.standing.lag_records.value_or(-1));
  };
  std::stable_sort(partitions.begin(), partitions.end(),
                   [&](const auto& a, const auto& b) { return a.cluster != b.cluster ? a.cluster < b.cluster : badness(a) > badness(b); });
  std::vector<std::string> out;
  for (size_t first = 0; first < partitions.size();) {
    const std::string cluster = partitions[first].cluster;
    const auto is_other = [&](const auto& row) { return row.cluster != cluster; };
    const auto end = std::find_if(partitions.begin() + static_cast<std::ptrdiff_t>(first), partitions.end(), is_other);
    const auto last = static_cast<size_t>(end - partitions.begin());
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const LagGroupRow& row) { return row.cluster == cluster; });
    const LagGroupRow* row = group == groups.end() ? nullptr : &*group;
    out.push_back(group_line(cluster, partitions[first].group, row, partitions[first], last - first));
    if (row != nullptr && row->scaling) {
      const std::vector<std::string> scaling = scale_lines(*row->scaling);
      out.insert(out.end(), scaling.begin(), scaling.end());
    }
    const size_t shown = limit == 0 ? last : std::min(last, first + limit);
    for (size_t i = first; i < shown; ++i) append_partition(partitions[i], row == nullptr ? "" : row->state, assumed_commit_ms, out);
    if (shown < last) out.push_back(concat("  and ", std::to_string(last - shown), " more, no worse than these"));
    first = last;
  }
  return out;
}

std::string partition_json(const LagPartitionRow& row, int64_t assumed_commit_ms) {
  const LagStanding& s = row.standing;
  const Json json = {{"time", format_rfc3339(s.time_ms)},
                     {"cluster", row.cluster},
                     {"group", row.group},
                     {"topic", row.topic},
                     {"partition", s.partition},
                     {"verdict", verdict_name(s.verdict)},
                     {"since", format_rfc3339(s.since_ms)},
                     {"since_at_least", row.older},
                     {"why", verdict_reason(s, assumed_commit_ms)},
                     {"committed_offset", whole(s.committed_offset)},
                     {"log_start_offset", whole(s.log_start_offset)},
                     {"end_offset", whole(s.end_offset)},
                     {"lag_records", whole(s.lag_records)},
                     {"lag_seconds", seconds(s.lag_ms)},
                     {"quality", lag_quality_name(s.quality)},
                     {"oldest_unread_seconds", seconds(s.oldest_unread_ms)},
                     {"produced_per_second", seconds(s.produced_milli)},
                     {"consumed_per_second", seconds(s.consumed_milli)},
                     {"commit_interval_seconds", seconds(s.commit_interval_ms)},
                     {"catch_up_seconds", seconds(s.catch_up_ms)},
                     {"time_to_loss_seconds", seconds(s.loss_ms)},
                     {"lost_records", whole(s.lost_records)},
                     {"members", s.members ? Json(*s.members) : Json(nullptr)},
                     {"assigned", s.assigned ? Json(*s.assigned) : Json(nullptr)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom
