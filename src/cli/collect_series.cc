#include "cli/collect_series.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/concat.h"
#include "config/json_tree.h"

namespace headroom {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == ':' || c == '.' || c == '-';
  });
}

const std::string* label_of(const PrometheusSeries& series, const std::string& name) {
  const auto found = series.labels.find(name);
  return found == series.labels.end() || found->second.empty() ? nullptr : &found->second;
}

// The text, with the first label in `missing` that the series has not.
std::string fill(const std::vector<TextTemplatePart>& parts, const PrometheusSeries& series, std::string& missing) {
  std::string out;
  for (const auto& part : parts) {
    out += part.text;
    if (!part.name) continue;
    const std::string* value = label_of(series, *part.name);
    if (value != nullptr) out += *value;
    if (value == nullptr && missing.empty()) missing = *part.name;
  }
  return out;
}

std::string names_of(const PrometheusSeries& series) {
  std::string out;
  for (const auto& [name, value] : series.labels) out += concat(out.empty() ? "" : ", ", name, "=", quote_json(value));
  return out.empty() ? "it has none" : concat("it has ", out);
}

// As the samples' labels: what comes out empty is left out.
std::string labels_json(const CollectMapping& mapping, const PrometheusSeries& series) {
  std::string out;
  for (const auto& [name, parts] : mapping.labels) {
    std::string missing;
    const std::string value = fill(parts, series, missing);
    if (!value.empty()) out += concat(out.empty() ? "{" : ",", quote_json(name), ":", quote_json(value));
  }
  return out.empty() ? out : out + "}";
}

}  // namespace

Result<CollectQuery> parse_collect_query(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, std::min(equals, text.size()));
  if (equals == std::string_view::npos || equals + 1 == text.size() || !is_name(name))
    return Status(Code::kInvalid, concat("--query ", text, ": expected NAME=EXPRESSION with a name of letters, digits and _ : . -, as in ",
                                         "requests=sum by (deployment) (rate(http_requests_total[1m]))"));
  return CollectQuery{std::string(name), std::string(text.substr(equals + 1))};
}

Status add_answer(const CollectMapping& mapping, size_t query, const PrometheusAnswer& answer, int64_t steps, Collected& out) {
  const std::string& name = mapping.queries[query].name;
  std::set<std::pair<std::string, std::string>> seen;
  bool told = false;
  uint64_t absent = 0;
  for (const auto& series : answer.series) {
    std::string missing;
    CollectedSeries made{query, fill(mapping.target, series, missing), labels_json(mapping, series), series.points};
    if (!missing.empty()) {
      ++out.unnamed;
      if (!told) out.unnamed_examples.push_back(concat("query ", name, ": a series has no label ", missing, "; ", names_of(series)));
      told = true;
      continue;
    }
    if (!seen.emplace(made.target, made.labels).second)
      return {Code::kInvalid, concat("query ", name, " gives several series for the target ", made.target,
                                     made.labels.empty() ? "" : concat(" with the labels ", made.labels),
                                     "; sum over them in the query, or tell them apart with --target, --instance or --label")};
    out.points += made.points.size();
    absent += static_cast<uint64_t>(steps) - std::min<uint64_t>(static_cast<uint64_t>(steps), made.points.size());
    if (!made.points.empty()) out.series.push_back(std::move(made));
  }
  for (const auto& warning : answer.warnings) out.warnings.push_back(concat("query ", name, ": Prometheus warns: ", warning));
  out.not_finite += answer.not_finite;
  out.histograms += answer.histograms;
  out.absent += absent - std::min(absent, answer.not_finite + answer.histograms);
  return Status::ok();
}

std::string collected_sample(const CollectMapping& mapping, const CollectedSeries& series, const PrometheusPoint& point) {
  std::string out = concat("{\"target\":", quote_json(series.target), ",\"metric\":", quote_json(mapping.queries[series.query].name),
                           ",\"time_ms\":", std::to_string(point.time_ms), ",\"value\":");
  append_value(point.value, out);
  if (!series.labels.empty()) out += concat(",\"labels\":", series.labels);
  return out + "}";
}

void append_value(double value, std::string& out) {
  std::array<char, 40> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

}  // namespace headroom
