#include "operators/alert_template.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/concat.h"
#include "base/time_text.h"
#include "headroom/alert_codec.h"

namespace headroom {
namespace {

constexpr size_t kMostBytes = 4096;
constexpr int64_t kMicro = 1'000'000;
constexpr int64_t kMostMilli = int64_t{1} << 50;  // more is not told apart

std::string seconds_text(int64_t ms) {
  ms = std::min(ms, kMostMilli);
  // Below ten seconds tenths are worth telling.
  const int64_t step = ms < 10'000 ? 100 : 1000;
  return format_duration((ms + step / 2) / step * step);
}

// One decimal where there is any.
std::string number_text(int64_t micro) {
  const int64_t tenths = (micro + kMicro / 20) / (kMicro / 10);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text.append(".").append(std::to_string(tenths % 10));
  return text;
}

std::string two_places(int64_t micro) {
  const int64_t magnitude = ((micro < 0 ? -micro : micro) + 5000) / 10'000;
  const std::string rest = std::to_string(magnitude % 100);
  return concat(micro < 0 && magnitude != 0 ? "-" : "", std::to_string(magnitude / 100), rest.size() < 2 ? ".0" : ".", rest);
}

std::string percent(int64_t micro) {
  return std::to_string((micro + 5000) / 10'000) + " %";
}

std::string labels_text(const AlertEvent& alert) {
  std::string text;
  for (const auto& [name, value] : alert.labels) text += concat(text.empty() ? "" : ", ", name, "=", value);
  return text;
}

std::string attribution_text(const AlertAttribution& of) {
  switch (of.cause) {
    case AlertCause::kNoContext:
      return "no context";
    case AlertCause::kOutOfCpu: {
      std::string text = concat("the consumers (", of.target, ") are out of CPU:");
      if (of.cpu_used_ratio_micro) text += concat(" they use ", percent(*of.cpu_used_ratio_micro), " of what they reserve");
      if (of.lying_factor_micro)
        text += concat(of.cpu_used_ratio_micro ? "," : "", " lying factor ", two_places(*of.lying_factor_micro), " cores");
      return text;
    }
    case AlertCause::kHotHost:
      return concat("the consumers (", of.target, ") are on a hot host: ", of.host, " uses ", percent(of.host_cpu_ratio_micro.value_or(0)),
                    " of its CPU");
    case AlertCause::kNoneSeen:
      break;
  }
  return concat("the consumers (", of.target, ") have CPU to spare");
}

std::string reason_text(const AlertEvent& alert) {
  if (alert.state == AlertState::kFiring) return "still so";
  switch (alert.end) {
    case AlertEnd::kCleared:
      break;
    case AlertEnd::kDeleted:
      return "the group was deleted";
    case AlertEnd::kUnseen:
      return "the group is no longer seen";
    case AlertEnd::kGone:
      return "nothing of it is left";
    case AlertEnd::kChanged:
      return "the detector was changed";
  }
  return "it has passed";
}

std::string lag_text(const AlertEvidence& evidence) {
  return evidence.lag_ms ? seconds_text(*evidence.lag_ms) : "unknown";
}
std::string rate_text(int64_t milli) {
  return number_text(std::min(milli, kMostMilli) * 1000) + "/s";
}

struct Placeholder {
  std::string_view name;
  std::string (*text)(const AlertEvent&);
};
constexpr std::array<Placeholder, 26> kPlaceholders = {{
    {"detector", [](const AlertEvent& a) { return a.detector; }},
    {"severity", [](const AlertEvent& a) { return std::string(alert_severity_name(a.severity)); }},
    {"state", [](const AlertEvent& a) { return std::string(alert_state_name(a.state)); }},
    {"metric", [](const AlertEvent& a) { return a.metric; }},
    {"incident", [](const AlertEvent& a) { return a.incident; }},
    {"labels", labels_text},
    {"value", [](const AlertEvent& a) { return alert_value_text(a.unit, a.value_micro); }},
    {"peak", [](const AlertEvent& a) { return alert_value_text(a.unit, a.peak_micro); }},
    {"threshold", [](const AlertEvent& a) { return alert_value_text(a.unit, a.threshold_micro); }},
    {"side", [](const AlertEvent& a) { return std::string(a.above ? "above" : "below"); }},
    {"since", [](const AlertEvent& a) { return format_rfc3339(a.since_ms); }},
    {"for", [](const AlertEvent& a) { return format_duration(a.for_ms); }},
    {"duration", [](const AlertEvent& a) { return seconds_text(a.time_ms - a.since_ms); }},
    {"reason", reason_text},
    {"cluster", [](const AlertEvent& a) { return a.evidence.cluster; }},
    {"group", [](const AlertEvent& a) { return a.evidence.group; }},
    {"topic", [](const AlertEvent& a) { return a.evidence.topic; }},
    {"partition", [](const AlertEvent& a) { return std::to_string(a.evidence.partition); }},
    {"verdict", [](const AlertEvent& a) { return a.evidence.verdict; }},
    {"lag", [](const AlertEvent& a) { return lag_text(a.evidence); }},
    {"lag_records", [](const AlertEvent& a) { return std::to_string(a.evidence.lag_records); }},
    {"produced", [](const AlertEvent& a) { return rate_text(a.evidence.produced_milli); }},
    {"consumed", [](const AlertEvent& a) { return rate_text(a.evidence.consumed_milli); }},
    {"partitions", [](const AlertEvent& a) { return std::to_string(a.evidence.partitions); }},
    {"attribution", [](const AlertEvent& a) { return attribution_text(a.attribution); }},
    {"time", [](const AlertEvent& a) { return format_rfc3339(a.time_ms); }},
}};

const Placeholder* placeholder(std::string_view name) {
  const auto found = std::find_if(kPlaceholders.begin(), kPlaceholders.end(), [&](const Placeholder& one) { return one.name == name; });
  return found == kPlaceholders.end() ? nullptr : &*found;
}

// Calls plain(text) and named(name) in turn. False when a brace is not closed.
template <class Plain, class Named>
bool walk(std::string_view text, Plain&& plain, Named&& named) {
  while (!text.empty()) {
    const size_t brace = std::min(text.find('{'), text.size());
    plain(text.substr(0, brace));
    text.remove_prefix(brace);
    if (text.empty()) return true;
    if (text.starts_with("{{")) {
      plain(text.substr(0, 1));
      text.remove_prefix(2);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos) return plain(text), false;
    named(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
  }
  return true;
}

void cut(std::string& text) {
  if (text.size() <= kMostBytes) return;
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
}

}  // namespace

std::string unknown_placeholder(std::string_view text, const std::vector<std::string>& labels) {
  std::string unknown;
  const bool closed = walk(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        const bool known = placeholder(name) != nullptr || std::find(labels.begin(), labels.end(), name) != labels.end();
        if (!known && unknown.empty()) unknown = concat("{", name, "}");
      });
  return unknown.empty() && !closed ? "{" : unknown;
}

std::string fill_template(std::string_view text, const AlertEvent& alert) {
  std::string out;
  walk(
      text, [&](std::string_view plain) { out += plain; },
      [&](std::string_view name) {
        const auto label =
            std::find_if(alert.labels.begin(), alert.labels.end(), [&](const auto& one) { return std::string_view(one.first) == name; });
        if (label != alert.labels.end())
          out += label->second;
        else if (const Placeholder* known = placeholder(name))
          out += known->text(alert);
        else
          out += concat("{", name, "}");
      });
  cut(out);
  return out;
}

std::string_view default_alert_title() {
  return "{detector}: {labels}";
}

std::string_view default_alert_text(const AlertEvent& alert) {
  const bool verdict = alert.unit == AlertUnit::kVerdict;
  if (alert.state == AlertState::kResolved)
    return verdict ? "{labels}: after {duration} {reason}" : "{metric} was {side} {threshold} for {duration}, {peak} at worst; {reason}";
  if (verdict)
    return "{verdict} since {since}: {topic}/{partition} of {group} is {lag} behind, {lag_records} records in all; produced {produced}, "
           "consumed {consumed}; {attribution}";
  return "{metric} is {value}, {side} {threshold} since {since}; worst: {topic}/{partition} of {group} ({verdict}); produced {produced}, "
         "consumed {consumed}; {attribution}";
}

std::string alert_value_text(AlertUnit unit, std::optional<int64_t> value_micro) {
  if (!value_micro) return unit == AlertUnit::kSeconds ? "never" : "unknown";
  switch (unit) {
    case AlertUnit::kSeconds:
      return seconds_text(*value_micro / 1000);
    case AlertUnit::kRecords:
      return number_text(*value_micro) + (*value_micro == kMicro ? " record" : " records");
    case AlertUnit::kVerdict:
      break;
  }
  return *value_micro > 0 ? "yes" : "no";
}

}  // namespace headroom
