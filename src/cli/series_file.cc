#include "cli/series_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <system_error>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/csv_reader.h"
#include "forecast/companions.h"

namespace headroom {
namespace {

constexpr size_t kMostRows = 20'000'000;

template <class T>
std::optional<T> number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> time_of(std::string text) {
  if (const auto ms = number<int64_t>(text)) return ms;
  if (text.size() == 19 && text[10] == ' ') text[10] = 'T', text += 'Z';
  const auto parsed = parse_rfc3339(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

Result<size_t> column_of(const CsvRow& header, const std::string& path, const std::string& name) {
  const auto at = std::find(header.fields.begin(), header.fields.end(), name);
  if (at != header.fields.end()) return static_cast<size_t>(at - header.fields.begin());
  std::string names;
  for (const auto& field : header.fields) names += (names.empty() ? "" : ", ") + field;
  return Status(Code::kInvalid, concat(path, " has no column ", name, "; it has ", names));
}

int64_t step_of(const std::vector<int64_t>& times_ms) {
  std::map<int64_t, size_t> distances;
  for (size_t i = 1; i < times_ms.size(); ++i) ++distances[times_ms[i] - times_ms[i - 1]];
  return std::max_element(distances.begin(), distances.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

// One row into the series; what is wrong with it otherwise.
std::string take(const CsvRow& row, size_t time_at, size_t value_at, Series& out) {
  if (row.fields.size() <= std::max(time_at, value_at)) return "too few fields";
  const auto time = time_of(row.fields[time_at]);
  if (!time || *time < 0) return concat("\"", row.fields[time_at], "\" is neither milliseconds since the epoch nor an RFC 3339 time");
  const auto value = number<double>(row.fields[value_at]);
  if (!value || !std::isfinite(*value)) return concat("\"", row.fields[value_at], "\" is not a finite number");
  if (!out.times_ms.empty() && *time <= out.times_ms.back()) return "the time is not later than that of the row before";
  if (out.values.size() == kMostRows) return "more than 20000000 rows";
  out.times_ms.push_back(*time);
  out.values.push_back(*value);
  return {};
}

// The columns beside time and value. One becomes a companion at its first number, so that columns of words take no place.
class CompanionColumns {
 public:
  CompanionColumns(const CsvRow& header, size_t time_at, size_t value_at) {
    for (size_t i = 0; i < header.fields.size(); ++i)
      if (i != time_at && i != value_at) places_.push_back({i, kNone});
  }
  // Once the row's value is in the series; what is wrong with it otherwise.
  std::string take(const CsvRow& row, Series& out) {
    for (auto& column : out.companions) column.push_back(std::numeric_limits<float>::quiet_NaN());
    for (auto& [field, companion] : places_) {
      const auto value = field < row.fields.size() ? number<float>(row.fields[field]) : std::nullopt;
      if (!value || !std::isfinite(*value)) continue;
      if (companion == kNone) {
        if (out.companions.size() == kMostCompanions)
          return concat("more than ", std::to_string(kMostCompanions),
                        " columns of numbers beside time and value; leave some out, or all with --companions off");
        companion = out.companions.size();
        out.companions.emplace_back(out.values.size(), std::numeric_limits<float>::quiet_NaN());
      }
      out.companions[companion].back() = *value;
    }
    return {};
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Place {
    size_t field, companion;
  };
  std::vector<Place> places_;
};

}  // namespace

Result<Series> read_series(const std::string& path, const SeriesColumns& columns) {
  auto bytes = open_bytes(path);
  if (!bytes) return bytes.status();
  CsvReader reader(std::move(*bytes));
  CsvRow row;
  std::string why;
  auto read = reader.next(row, why);
  if (!read) return read.status();
  if (*read != CsvReader::Outcome::kRow) return Status(Code::kInvalid, concat(path, ": the first line must name the columns"));
  const auto time_at = column_of(row, path, columns.time);
  if (!time_at) return time_at.status();
  const auto value_at = column_of(row, path, columns.value);
  if (!value_at) return value_at.status();
  CompanionColumns companions(row, *time_at, *value_at);
  Series out;
  out.name = std::filesystem::path(path).stem().string();
  for (;;) {
    read = reader.next(row, why);
    if (!read) return read.status();
    if (*read == CsvReader::Outcome::kEnd) break;
    if (*read == CsvReader::Outcome::kRow) why = take(row, *time_at, *value_at, out);
    if (why.empty() && columns.companions) why = companions.take(row, out);
    if (!why.empty()) return Status(Code::kInvalid, concat(path, ":", std::to_string(row.line), ": ", why));
  }
  if (out.values.size() < 3)
    return Status(Code::kInvalid, concat(path, " has ", std::to_string(out.values.size()), " rows; at least 3 are needed"));
  out.step_ms = step_of(out.times_ms);
  if (out.step_ms < 1000 || out.step_ms > 3'600'000)
    return Status(Code::kInvalid, concat(path, ": a step of ", std::to_string(out.step_ms), " ms; it must be 1 s to 1 h"));
  return out;
}

Result<std::vector<std::string>> series_paths(const std::vector<std::string>& files_and_folders) {
  std::vector<std::string> out;
  for (const auto& path : files_and_folders) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
      if (entry.path().extension() == ".csv") found.push_back(entry.path().string());
    if (error) return Status(Code::kInvalid, concat("cannot list ", path, ": ", error.message()));
    if (found.empty()) return Status(Code::kNotFound, concat("no .csv in ", path));
    std::sort(found.begin(), found.end());
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace headroom
