#include "cli/prometheus_answer.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/concat.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr double kMostSeconds = 2.5e11;

Json parse(std::string_view body) {
  return Json::parse(body.begin(), body.end(), nullptr, false);
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

Status corrupt(std::string_view what) {
  return {Code::kCorrupt, concat("this is not how Prometheus answers a range query: ", what)};
}

// "1.5", "NaN", "+Inf": none where it is no number at all.
std::optional<double> number_of(const std::string& text) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return HUGE_VAL;
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// [seconds, "value"]
Status read_point(const Json& pair, PrometheusSeries& series, PrometheusAnswer& out) {
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_string()) return corrupt("a point is no pair");
  const auto seconds = pair[0].get<double>();
  const auto value = number_of(pair[1].get_ref<const std::string&>());
  if (!value || std::abs(seconds) > kMostSeconds) return corrupt("a point is no number");
  if (!std::isfinite(*value)) {
    ++out.not_finite;
    return Status::ok();
  }
  const int64_t time_ms = std::llround(seconds * 1000);
  if (!series.points.empty() && series.points.back().time_ms >= time_ms) return corrupt("points are not in order");
  series.points.push_back({time_ms, *value});
  return Status::ok();
}

Status read_series(const Json& json, PrometheusAnswer& out) {
  const Json* labels = member(json, "metric");
  if (labels == nullptr || !labels->is_object()) return corrupt("a series has no labels");
  PrometheusSeries series;
  for (const auto& [name, value] : labels->items()) {
    if (!value.is_string()) return corrupt("a label is no text");
    series.labels.emplace(name, value.get<std::string>());
  }
  if (const Json* histograms = member(json, "histograms"); histograms != nullptr) out.histograms += histograms->size();
  if (const Json* values = member(json, "values"); values != nullptr) {
    if (!values->is_array()) return corrupt("the values are no array");
    series.points.reserve(values->size());
    for (const auto& pair : *values)
      if (Status read = read_point(pair, series, out); !read) return read;
  }
  out.series.push_back(std::move(series));
  return Status::ok();
}

}  // namespace

Result<PrometheusAnswer> read_prometheus_answer(std::string_view body) {
  const Json json = parse(body);
  if (json.is_discarded()) return corrupt("it is not JSON");
  if (text_of(member(json, "status")) != "success") return corrupt("its status is not success");
  const Json* data = member(json, "data");
  if (data == nullptr || text_of(member(*data, "resultType")) != "matrix") return corrupt("it has no matrix");
  const Json* result = member(*data, "result");
  if (result == nullptr || !result->is_array()) return corrupt("it has no matrix");
  PrometheusAnswer out;
  for (const auto& series : *result)
    if (const Status read = read_series(series, out); !read) return read;
  if (const Json* warnings = member(json, "warnings"); warnings != nullptr && warnings->is_array())
    for (const auto& warning : *warnings) out.warnings.push_back(text_of(&warning));
  return out;
}

std::string read_prometheus_error(std::string_view body) {
  const Json json = parse(body);
  if (json.is_discarded()) return {};
  const std::string kind = text_of(member(json, "errorType"));
  const std::string what = text_of(member(json, "error"));
  return kind.empty() || what.empty() ? concat(kind, what) : concat(kind, ": ", what);
}

}  // namespace headroom
