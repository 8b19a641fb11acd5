#include "codec/sample_document.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "codec/number_repair.h"
#include "codec/sample_rules.h"

namespace headroom::codec {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kMaxIndexBytes = 1024;

// The reason against an integer time; empty when there is none.
std::string_view decode_time(const element& in, int64_t latest_ms, int64_t& out) {
  switch (in.type()) {
    case element_type::INT64:
      break;
    case element_type::UINT64:
      return reject_reason::kTimeAhead;  // beyond INT64_MAX
    case element_type::DOUBLE:
      return reject_reason::kTimeNotInteger;
    default:
      return reject_reason::kWrongType;
  }
  out = in.get_int64().value_unsafe();
  return time_problem(out, latest_ms);
}

std::string_view decode_value(const element& in, Metric metric, double& out) {
  if (!in.is_number()) return reject_reason::kWrongType;
  const double value = in.get_double().value_unsafe();
  if (std::abs(value) >= kStandsForNotFinite) return reject_reason::kNotFinite;
  out = value + 0.0;  // negative zero becomes zero
  return value_problem(metric, out);
}

// The places of bad elements, "0,3"; ends in ",..." when they would be too many.
void append_index(size_t index, std::string& out) {
  if (out.ends_with('.')) return;
  if (!out.empty()) out += ',';
  out += out.size() < kMaxIndexBytes - 24 ? std::to_string(index) : "...";
}

}  // namespace

// The members of an object that mean something here, each as it came last.
struct SampleDocument::Members {
  std::optional<element> target;
  std::optional<element> metric;
  std::optional<element> time_ms;
  std::optional<element> value;
  std::optional<element> labels;
  std::optional<element> tick_ms;

  explicit Members(const simdjson::dom::object& object) {
    for (const auto field : object) {
      if (std::optional<element>* member = named(field.key)) *member = field.value;
    }
  }

  std::optional<element>* named(std::string_view key) {
    if (key == "target") return &target;
    if (key == "metric") return &metric;
    if (key == "time_ms") return &time_ms;
    if (key == "value") return &value;
    if (key == "labels") return &labels;
    if (key == "tick_ms") return &tick_ms;
    return nullptr;
  }
};

// What the samples of one record are held against.
struct SampleDocument::Judge {
  uint32_t record;
  int64_t latest_ms;
};

void SampleDocument::decode(const Record& record, uint32_t index, Decoded<Sample>& out) {
  element root;
  const std::string_view reason = json_.parse(record.value, root);
  if (!reason.empty()) {
    out.count(reason);
    out.rejects.push_back({index, reason, 1, {}});
    return;
  }
  Judge judge{index, latest_time_ms(record.timestamp_ms, options_.max_ahead_ms)};
  if (root.is_array()) return decode_array(root.get_array().value_unsafe(), judge, out);
  const std::string_view bad = decode_element(root, judge, out);
  if (bad.empty()) return;
  out.count(bad);
  out.rejects.push_back({index, bad, 1, {}});
}

void SampleDocument::decode_array(const simdjson::dom::array& array, Judge& judge, Decoded<Sample>& out) {
  // simdjson counts to 2^24 - 1 at most, so the elements are counted here.
  const auto size = static_cast<size_t>(std::distance(array.begin(), array.end()));
  if (size > options_.max_array) {
    out.count(reject_reason::kArrayTooLong);
    out.rejects.push_back({judge.record, reject_reason::kArrayTooLong, 1, {}});
    return;
  }
  Decoded<Sample>::Reject reject{judge.record, {}, 0, {}};
  size_t place = 0;
  for (const element member : array) {
    const std::string_view bad = decode_element(member, judge, out);
    if (!bad.empty()) {
      out.count(bad);
      if (reject.count++ == 0) reject.reason = bad;
      append_index(place, reject.indexes);
    }
    ++place;
  }
  if (reject.count != 0) out.rejects.push_back(std::move(reject));
}

std::string_view SampleDocument::decode_element(const element& in, const Judge& judge, Decoded<Sample>& out) {
  if (!in.is_object()) return reject_reason::kWrongType;
  const Members members(in.get_object().value_unsafe());
  if (members.tick_ms && !members.target && !members.metric) return decode_tick(members, judge, out);
  Sample sample;
  const std::string_view bad = decode_sample(members, judge, sample);
  if (!bad.empty()) return bad;
  keep_strings(sample);
  out.values.push_back({judge.record, sample});
  return {};
}

std::string_view SampleDocument::decode_tick(const Members& members, const Judge& judge, Decoded<Sample>& out) {
  int64_t time_ms = 0;
  const std::string_view bad = decode_time(*members.tick_ms, judge.latest_ms, time_ms);
  if (bad.empty()) out.ticks.push_back({judge.record, static_cast<uint32_t>(out.values.size()), time_ms});
  return bad;
}

std::string_view SampleDocument::decode_sample(const Members& members, const Judge& judge, Sample& out) {
  if (!members.target) return reject_reason::kMissingTarget;
  if (const auto bad = decode_string(*members.target, out.target); !bad.empty()) return bad;
  if (out.target.empty()) return reject_reason::kEmptyTarget;
  if (!members.metric) return reject_reason::kMissingMetric;
  if (const auto bad = decode_string(*members.metric, out.metric_name); !bad.empty()) return bad;
  if (out.metric_name.empty()) return reject_reason::kEmptyMetric;
  out.metric = known_metric(out.metric_name);
  if (!members.time_ms) return reject_reason::kMissingTime;
  if (const auto bad = decode_time(*members.time_ms, judge.latest_ms, out.time_ms); !bad.empty()) return bad;
  if (!members.value) return reject_reason::kMissingValue;
  if (const auto bad = decode_value(*members.value, out.metric, out.value); !bad.empty()) return bad;
  return members.labels ? decode_labels(*members.labels, out) : std::string_view();
}

std::string_view SampleDocument::decode_labels(const element& in, Sample& out) {
  if (!in.is_object()) return reject_reason::kWrongType;
  struct Label {
    std::string_view name;
    std::string_view* text;
    std::optional<element> found = {};
  };
  Label labels[] = {{"container", &out.container}, {"instance", &out.instance},           {"host", &out.host},
                    {"env", &out.environment},     {"instance_type", &out.instance_type}, {"zone", &out.zone}};
  const simdjson::dom::object object = in.get_object().value_unsafe();
  for (const auto field : object) {
    const std::string_view name = field.key == "environment" ? std::string_view("env") : field.key;
    for (Label& label : labels) {
      if (label.name == name) label.found = field.value;
    }
  }
  for (Label& label : labels) {
    if (!label.found) continue;
    if (const auto bad = decode_string(*label.found, *label.text); !bad.empty()) return bad;
  }
  return {};
}

std::string_view SampleDocument::decode_string(const element& in, std::string_view& out) {
  if (!in.is_string()) return reject_reason::kWrongType;
  out = in.get_string().value_unsafe();
  if (out.size() > options_.max_string_bytes) return reject_reason::kStringTooLong;
  return std::any_of(out.begin(), out.end(), is_control) ? reject_reason::kControlCharacter : std::string_view();
}

void SampleDocument::keep_strings(Sample& sample) {
  for (std::string_view* text : {&sample.target, &sample.metric_name, &sample.container, &sample.instance, &sample.host,
                                 &sample.environment, &sample.instance_type, &sample.zone}) {
    *text = arena_.copy(*text);
  }
}

}  // namespace headroom::codec
