#include "cli/csv_samples.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/text_template.h"
#include "config/json_tree.h"
#include "config/nearest.h"

namespace headroom {
namespace {

constexpr int64_t kYear2000Ms = 946'684'800'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class N>
std::optional<N> to_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  N value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Status not_a_time(std::string_view text) {
  return {Code::kInvalid, concat(quote_json(text), " is not a time")};
}

// Seconds, milliseconds, microseconds and nanoseconds of this century lie three powers of ten apart each.
TimeUnit unit_of(double value) {
  const double size = std::abs(value);
  if (size < 1e11) return TimeUnit::kSeconds;
  if (size < 1e14) return TimeUnit::kMilliseconds;
  return size < 1e17 ? TimeUnit::kMicroseconds : TimeUnit::kNanoseconds;
}

// Whole numbers exactly, downwards; fractions to the nearest millisecond.
Result<int64_t> to_milliseconds(std::string_view text, TimeUnit unit) {
  const auto number = to_number<double>(text);
  if (!number || !std::isfinite(*number)) return not_a_time(text);
  if (unit == TimeUnit::kAuto) unit = unit_of(*number);
  const int64_t times = unit == TimeUnit::kSeconds ? 1000 : 1;
  const int64_t divided = unit == TimeUnit::kMicroseconds ? 1000 : unit == TimeUnit::kNanoseconds ? 1'000'000 : 1;
  const double in_ms = *number * static_cast<double>(times) / static_cast<double>(divided);
  if (std::abs(in_ms) > 2.5e14) return not_a_time(text);  // the year 9892
  if (const auto whole = to_number<int64_t>(text)) return *whole * times / divided;
  return std::llround(in_ms);
}

std::string number_json(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

}  // namespace

Result<size_t> CsvMapper::column_of(std::string_view name, const std::vector<std::string>& header) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found != header.end()) return static_cast<size_t>(found - header.begin());
  const std::vector<std::string_view> names(header.begin(), header.end());
  const std::string_view near = nearest_name(name, names);
  std::string known;
  for (const auto& column : header) known += concat(known.empty() ? "" : ", ", column);
  return Status(Code::kInvalid, concat("no column ", quote_json(name),
                                       near.empty() ? "." : concat("; did you mean ", quote_json(near), "?"), " Columns: ", known));
}

Result<CsvMapper::Template> CsvMapper::parse_template(std::string_view text, const std::vector<std::string>& header,
                                                      std::string_view file) {
  const auto named = parse_text_template(text);
  if (!named) return named.status();
  Template parts(1);
  for (const auto& part : *named) {
    parts.back().text += part.text;
    if (!part.name) continue;
    if (*part.name == "file" && std::find(header.begin(), header.end(), "file") == header.end()) {
      parts.back().text += file;
      continue;
    }
    const auto column = column_of(*part.name, header);
    if (!column) return column.status();
    parts.back().column = *column;
    parts.emplace_back();
  }
  return parts;
}

Result<CsvMapper::Value> CsvMapper::parse_metric(std::string_view text, const std::vector<std::string>& header) {
  const Status malformed(Code::kInvalid, concat("--map ", text, ": expected metric=column or metric=column*scale"));
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return malformed;
  Value value;
  value.metric = quote_json(text.substr(0, equals));
  std::string_view column = text.substr(equals + 1);
  // A column's name may hold a star: the whole comes first.
  if (std::find(header.begin(), header.end(), column) == header.end()) {
    if (const size_t star = column.rfind('*'); star != std::string_view::npos) {
      const auto scale = to_number<double>(trimmed(column.substr(star + 1)));
      if (!scale || !std::isfinite(*scale)) return malformed;
      value.scale = *scale;
      column = column.substr(0, star);
    }
  }
  const auto found = column_of(trimmed(column), header);
  if (!found) return found.status();
  value.column = *found;
  return value;
}

Result<CsvMapper> CsvMapper::make(const CsvMapping& mapping, const std::vector<std::string>& header, std::string_view file) {
  CsvMapper mapper;
  mapper.header_ = header;
  mapper.columns_ = header.size();
  mapper.time_unit_ = mapping.time_unit;
  mapper.time_offset_ms_ = mapping.time_offset_ms;
  const auto time = column_of(mapping.time_column, header);
  if (!time) return Status(Code::kInvalid, concat("--time-column: ", time.status().message()));
  mapper.time_column_ = *time;
  auto target = parse_template(mapping.target, header, file);
  if (!target) return Status(Code::kInvalid, concat("--target: ", target.status().message()));
  mapper.target_ = std::move(*target);
  for (const auto& [name, text] : mapping.labels) {
    auto parts = parse_template(text, header, file);
    if (!parts) return Status(Code::kInvalid, concat(name, ": ", parts.status().message()));
    mapper.labels_.emplace_back(quote_json(name), std::move(*parts));
  }
  for (const auto& text : mapping.metrics) {
    auto value = parse_metric(text, header);
    if (!value) return value.status();
    mapper.values_.push_back(std::move(*value));
  }
  if (mapper.values_.empty()) return Status(Code::kInvalid, "nothing is mapped: --map metric=column is needed at least once");
  return mapper;
}

std::string CsvMapper::fill(const Template& parts, const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& part : parts) {
    out += part.text;
    if (part.column) out += trimmed(fields[*part.column]);
  }
  return out;
}

Result<int64_t> CsvMapper::time_of(std::string_view text) const {
  text = trimmed(text);
  const bool calendar = time_unit_ == TimeUnit::kRfc3339 || (time_unit_ == TimeUnit::kAuto && text.find('-', 1) != std::string_view::npos &&
                                                             text.find(':') != std::string_view::npos);
  auto time = calendar ? parse_rfc3339(text) : to_milliseconds(text, time_unit_);
  if (!time) return not_a_time(text);
  const int64_t moved = *time + time_offset_ms_;
  if (moved >= kYear2000Ms) return moved;
  return Status(Code::kInvalid,
                concat(quote_json(text), " is ", format_rfc3339(moved), ", before 2000: --time-unit or --time-offset does not fit"));
}

std::string CsvMapper::json_end(const std::vector<std::string>& fields) const {
  std::string labels;
  for (const auto& [name, parts] : labels_) {
    const std::string value = fill(parts, fields);
    if (!value.empty()) labels += concat(labels.empty() ? "" : ",", name, ":", quote_json(value));
  }
  return labels.empty() ? "}" : concat(",\"labels\":{", labels, "}}");
}

CsvSamples CsvMapper::map(const std::vector<std::string>& fields) const {
  CsvSamples out;
  if (fields.size() != columns_) {
    out.faults.push_back(concat("has ", std::to_string(fields.size()), " fields where the header has ", std::to_string(columns_)));
    return out;
  }
  const auto time_ms = time_of(fields[time_column_]);
  if (!time_ms) {
    out.faults.push_back(time_ms.status().message());
    return out;
  }
  const std::string target = fill(target_, fields);
  const std::string end = json_end(fields);
  for (const auto& value : values_) {
    const std::string_view cell = trimmed(fields[value.column]);
    if (cell.empty()) {
      ++out.empty_cells;
      continue;
    }
    const auto number = to_number<double>(cell);
    if (!number || !std::isfinite(*number * value.scale)) {
      out.faults.push_back(concat(header_[value.column], ": ", quote_json(cell.substr(0, 60)), " is not a finite number"));
      continue;
    }
    out.samples.push_back({target, *time_ms,
                           concat("{\"target\":", quote_json(target), ",\"metric\":", value.metric,
                                  ",\"time_ms\":", std::to_string(*time_ms), ",\"value\":", number_json(*number * value.scale), end)});
  }
  return out;
}

}  // namespace headroom
