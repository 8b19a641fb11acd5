#include <string>

#include "base/concat.h"
#include "base/time_text.h"
#include "codec/event_head.h"
#include "codec/json_writer.h"
#include "headroom/forecast_codec.h"

namespace headroom {
namespace {

using codec::JsonWriter;

void write_ahead(const ForecastReport& report, const ForecastReport::Ahead& ahead, JsonWriter& json) {
  const int64_t ahead_ms = ahead.steps * report.step_ms;
  json.open('{');
  json.member("ahead", format_duration(ahead_ms));
  json.member("time", format_rfc3339(report.time_ms + ahead_ms));
  json.member_number("point", ahead.point);
  json.open_member("quantiles", '{');
  for (size_t q = 0; q < ahead.quantiles.size(); ++q) json.member_number(ForecastReport::kQuantileNames[q], ahead.quantiles[q]);
  json.close('}');
  json.open_member("weights", '{');
  for (size_t e = 0; e < ahead.weights.size() && e < report.experts.size(); ++e) json.member_number(report.experts[e], ahead.weights[e]);
  json.close('}');
  json.close('}');
}

void write_scorecard(const ForecastReport& report, JsonWriter& json) {
  json.open_member("scorecard", '{');
  json.member_integer("scored", report.scored);
  if (report.scored > 0) {
    json.member_number("relative_error", report.relative_error);
    json.member_number("coverage_0.95", report.coverage);
  }
  json.member_boolean("demoted", report.demoted);
  json.close('}');
}

}  // namespace

void encode_forecast(const ForecastReport& report, const Envelope& envelope, Encoded& out) {
  JsonWriter json(out.value);
  const std::string subject = concat(report.target, "/", report.metric);
  codec::write_event_head({.type = kForecastType,
                           .subject = subject,
                           .partitionkey = report.target,
                           .time_ms = report.time_ms,
                           .expiry_ms = 0,
                           .resource = report.metric,
                           .apart = {}},
                          envelope, out, json);
  json.open_member("data", '{');
  codec::write_target(report.target, {}, json);
  json.member("metric", report.metric);
  json.member("size", report.size);
  json.member("step", format_duration(report.step_ms));
  json.member_number("value", report.value);
  if (report.carried) json.member_boolean("carried", true);
  if (!report.withheld.empty()) json.member("withheld", report.withheld);
  json.open_member("horizons", '[');
  for (const auto& ahead : report.ahead) write_ahead(report, ahead, json);
  json.close(']');
  write_scorecard(report, json);
  json.member_integer("offset", envelope.input_offset);
  json.close('}');
  json.close('}');
}

}  // namespace headroom
