#include "cli/service_feed.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "codec/json_writer.h"
#include "headroom/codec.h"
#include "topologies/predictive_scaling.h"

namespace headroom {
namespace {

constexpr std::string_view kTarget = "backtest/backtest/Deployment/service";
constexpr int64_t kSecondMs = 1000;

// Of evidence, which is JSON text: a word.
std::string without_quotes(const std::string& json) {
  return json.size() >= 2 && json.front() == '"' ? json.substr(1, json.size() - 2) : json;
}

}  // namespace

ServiceFeed::ServiceFeed(const PredictiveScalingParams& params, std::function<bool(int64_t)> known)
    : rule_(params.targets.front()),
      action_topic_(params.action_topic),
      counter_(rule_.load.ends_with("_total")),
      known_(std::move(known)),
      task_(predictive_scaling(params).make_task({"backtest", "predictive_scaling", 0, 1})) {}

std::string& ServiceFeed::next_text() {
  std::string& text = texts_[count_++];
  text.clear();
  return text;
}

void ServiceFeed::add_sample(const std::string& metric, int64_t time_ms, double value) {
  codec::JsonWriter writer(next_text());
  writer.open('{');
  writer.member("target", kTarget);
  writer.member("metric", metric);
  writer.member_integer("time_ms", time_ms);
  writer.member_number("value", value);
  writer.close('}');
}

void ServiceFeed::add_samples(const ServiceView& view) {
  if (view.measured_ms <= measured_ms_) return;
  if (measured_ms_ >= 0) counted_ += view.load * static_cast<double>(view.measured_ms - measured_ms_) / kSecondMs;
  measured_ms_ = view.measured_ms;
  if (!known_(view.measured_ms)) return;
  add_sample(rule_.load, view.measured_ms, counter_ ? counted_ : view.load);
  if (!rule_.utilisation.empty()) add_sample(rule_.utilisation, view.measured_ms, view.utilisation);
  add_sample(std::string(metric_name(Metric::kReplicas)), view.measured_ms, static_cast<double>(view.ready));
}

void ServiceFeed::add_tick(int64_t time_ms) {
  codec::JsonWriter writer(next_text());
  writer.open('{');
  writer.member_integer("tick_ms", time_ms);
  writer.member("source", "backtest");
  writer.close('}');
}

int64_t ServiceFeed::decide(const ServiceView& view) {
  count_ = 0;
  add_samples(view);
  add_tick(view.time_ms);
  std::array<Record, std::tuple_size_v<decltype(texts_)>> records;
  for (size_t i = 0; i < count_; ++i)
    records[i] = {.offset = position_++, .timestamp_ms = view.time_ms, .key = kTarget, .value = texts_[i]};
  task_->process({.partition = 0, .records = {records.data(), count_}, .position = position_}, outbox_);
  const int64_t desired = obey(view);
  outbox_.clear();
  return desired;
}

int64_t ServiceFeed::obey(const ServiceView& view) {
  int64_t desired = view.desired;
  for (const OutRecord& record : outbox_.records) {
    if (record.topic != action_topic_) continue;
    const auto command = parse_action(record.value);
    if (!command) {
      failed_ = command.status();
      continue;
    }
    ++commands_.all;
    ++commands_.by_reason[command->code];
    for (const auto& [name, value] : command->evidence)
      if (name == "forecast") ++commands_.by_forecast[without_quotes(value)];
    if (command->mode == "apply" && command->expiry_ms > view.time_ms) desired = command->desired;
  }
  return desired;
}

Status ServiceFeed::status() const {
  if (!failed_) return failed_;
  for (const auto& [reason, count] : task_->counts().rejected)
    return {Code::kInvalid, concat("the topology rejected ", std::to_string(count), " records of the service: ", reason)};
  return Status::ok();
}

}  // namespace headroom
