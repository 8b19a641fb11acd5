#include "cli/lag_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/demo_board.h"
#include "policy/name_pattern.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

std::string cell(const std::optional<int64_t>& value, std::string (*text)(int64_t)) {
  return value ? text(*value) : "-";
}

std::string number(int64_t value) {
  return std::to_string(value);
}

std::string catch_up_cell(const LagRow& row) {
  if (row.lag_records == 0) return "-";
  return row.never ? "never" : cell(row.catch_up_ms, lag_duration);
}

std::string seconds_cell(const LagRow& row) {
  return concat(row.lag_ms && row.quality < LagQuality::kInterpolated ? "~" : "", cell(row.lag_ms, lag_duration));
}

struct Column {
  const char* head;
  bool right = false;
  std::string (*text)(const LagRow&);
};

const std::array<Column, 10> kColumns = {{
    {"GROUP", false, [](const LagRow& r) { return printable(r.group); }},
    {"TOPIC", false, [](const LagRow& r) { return printable(r.topic); }},
    {"LAG", true, [](const LagRow& r) { return cell(r.lag_records, number); }},
    {"SECONDS", true, seconds_cell},
    {"PRODUCED/S", true, [](const LagRow& r) { return cell(r.produced_milli, lag_rate); }},
    {"CONSUMED/S", true, [](const LagRow& r) { return cell(r.consumed_milli, lag_rate); }},
    {"VERDICT", false, [](const LagRow& r) { return std::string(verdict_name(r.verdict)); }},
    {"FOR", true, [](const LagRow& r) { return concat(r.older ? ">" : "", lag_duration(std::max<int64_t>(0, r.time_ms - r.since_ms))); }},
    {"CATCH-UP", true, catch_up_cell},
    {"LOSS IN", true,
     [](const LagRow& r) { return r.verdict == LagVerdict::kLosingData ? std::string("now") : cell(r.loss_ms, lag_duration); }},
}};
constexpr size_t kVerdictColumn = 6;

const char* colour_of(LagVerdict verdict) {
  if (verdict >= LagVerdict::kStalled) return "31";
  if (verdict == LagVerdict::kOk) return "32";
  return verdict == LagVerdict::kCatchingUp ? "36" : "33";
}

// A column's cells, the head among them, all of one width.
std::vector<std::string> cells_of(const Column& column, const std::vector<LagRow>& rows) {
  std::vector<std::string> cells = {column.head};
  for (const auto& row : rows) cells.push_back(column.text(row));
  int width = 0;
  for (const auto& one : cells) width = std::max(width, demo::visible_width(one));
  for (auto& one : cells) {
    const std::string blanks(static_cast<size_t>(width - demo::visible_width(one)), ' ');
    one = column.right ? concat(blanks, one) : concat(one, blanks);
  }
  return cells;
}

Json seconds(const std::optional<int64_t>& ms) {
  return ms ? Json(static_cast<double>(*ms) / 1000) : Json(nullptr);
}

Json whole(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

bool fits_name(const std::string& pattern, const std::string& name) {
  return pattern.empty() || pattern == name || name_fits(pattern, name);
}

std::string_view lag_quality_name(LagQuality quality) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "bracketed", "interpolated", "exact"};
  return kNames.at(static_cast<size_t>(quality));
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

std::string lag_duration(int64_t duration_ms) {
  if (duration_ms >= 10'000) {
    const int64_t unit_ms = duration_ms < 3'600'000 ? 1000 : duration_ms < 86'400'000 ? 60'000 : 3'600'000;
    return format_duration(duration_ms / unit_ms * unit_ms);
  }
  const int64_t tenths = duration_ms / 100;
  return concat(std::to_string(tenths / 10), tenths % 10 == 0 ? "" : concat(".", std::to_string(tenths % 10)), "s");
}

std::string lag_rate(int64_t milli) {
  if (milli >= 1'000'000) return std::to_string(milli / 1000);
  const int64_t tenths = (milli + 50) / 100;
  return concat(std::to_string(tenths / 10), ".", std::to_string(tenths % 10));
}

std::vector<LagRow> choose(std::vector<LagRow> rows, const LagChoice& choice, size_t* left_out) {
  std::erase_if(rows, [&](const LagRow& row) { return !fits_name(choice.group, row.group) || !fits_name(choice.topic, row.topic); });
  const auto weight = [&](const LagRow& row) {
    const int64_t verdict = choice.sort == LagSort::kVerdict ? static_cast<int64_t>(row.verdict) : 0;
    const std::pair by_seconds(row.lag_ms.value_or(-1), row.lag_records.value_or(-1));
    const std::pair by_records(row.lag_records.value_or(-1), row.lag_ms.value_or(-1));
    return std::pair(verdict, choice.sort == LagSort::kRecords ? by_records : by_seconds);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const LagRow& a, const LagRow& b) { return weight(a) > weight(b); });
  const size_t kept = choice.limit == 0 ? rows.size() : std::min(choice.limit, rows.size());
  if (left_out != nullptr) *left_out = rows.size() - kept;
  rows.resize(kept);
  return rows;
}

std::vector<std::string> table_lines(const std::vector<LagRow>& rows, bool colour) {
  std::vector<std::string> lines(rows.size() + 1);
  const auto put = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < lines.size(); ++i) lines[i] += concat(lines[i].empty() ? "" : "  ", cells[i]);
  };
  std::set<std::string_view> clusters;
  for (const auto& row : rows) clusters.insert(row.cluster);
  if (clusters.size() > 1) put(cells_of({"CLUSTER", false, [](const LagRow& r) { return printable(r.cluster); }}, rows));
  for (size_t column = 0; column < kColumns.size(); ++column) {
    std::vector<std::string> cells = cells_of(kColumns.at(column), rows);
    if (colour && column == kVerdictColumn)
      for (size_t i = 0; i < rows.size(); ++i) cells[i + 1] = concat("\x1b[", colour_of(rows[i].verdict), "m", cells[i + 1], "\x1b[0m");
    put(cells);
  }
  for (auto& line : lines) line.resize(line.find_last_not_of(' ') + 1);
  return lines;
}

std::string table_title(const std::vector<LagRow>& rows, int64_t tick_ms) {
  std::map<std::pair<std::string_view, std::string_view>, LagVerdict> groups;
  int64_t partitions = 0;
  for (const auto& row : rows) {
    LagVerdict& worst = groups.try_emplace({row.cluster, row.group}, row.verdict).first->second;
    worst = std::max(worst, row.verdict);
    partitions += row.partitions;
  }
  std::map<LagVerdict, int64_t, std::greater<>> by_verdict;
  for (const auto& [name, verdict] : groups) ++by_verdict[verdict];
  std::string counts;
  for (const auto& [verdict, count] : by_verdict)
    counts += concat(counts.empty() ? ": " : ", ", std::to_string(count), " ", verdict_name(verdict));
  return concat(format_rfc3339(tick_ms / 1000 * 1000), "  ", std::to_string(groups.size()), groups.size() == 1 ? " group" : " groups", ", ",
                std::to_string(partitions), partitions == 1 ? " partition" : " partitions", counts);
}

std::string silence_warning(int64_t tick_ms, int64_t interval_ms, int64_t now_ms) {
  if (now_ms - tick_ms <= 3 * std::max<int64_t>(interval_ms, 1000)) return {};
  return concat("the source has been silent for ", lag_duration(now_ms - tick_ms), ", since ", format_rfc3339(tick_ms / 1000 * 1000),
                ": this is what was true then");
}

std::string row_json(const LagRow& row) {
  const Json json = {{"time", format_rfc3339(row.time_ms)},
                     {"cluster", row.cluster},
                     {"group", row.group},
                     {"topic", row.topic},
                     {"partitions", row.partitions},
                     {"verdict", verdict_name(row.verdict)},
                     {"since", format_rfc3339(row.since_ms)},
                     {"since_at_least", row.older},
                     {"lag_records", whole(row.lag_records)},
                     {"lag_seconds", seconds(row.lag_ms)},
                     {"quality", lag_quality_name(row.lag_ms ? row.quality : LagQuality::kUnknown)},
                     {"produced_per_second", seconds(row.produced_milli)},
                     {"consumed_per_second", seconds(row.consumed_milli)},
                     {"catch_up_seconds", row.never ? Json(nullptr) : seconds(row.catch_up_ms)},
                     {"catches_up", row.never                                 ? Json(false)
                                    : row.catch_up_ms || row.lag_records == 0 ? Json(true)
                                                                              : Json(nullptr)},
                     {"time_to_loss_seconds", seconds(row.loss_ms)},
                     {"lost_records", row.lost_records}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom
