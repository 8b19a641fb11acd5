#include "cli/lag_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom {
namespace {

constexpr std::string_view kTopology = "lag_watch";
constexpr const char* kFirstInterval = "first_commit_interval";
constexpr int64_t kDefaultMs = 3'600'000;

nlohmann::json params_of(const Config& config) {
  for (const auto& part : config.topologies)
    if (part.name == kTopology) return nlohmann::json::parse(part.params_json, nullptr, false);
  return nlohmann::json::object();
}

}  // namespace

int64_t assumed_commit_ms(const Config& config, int64_t since_ms) {
  const nlohmann::json params = params_of(config);
  int64_t configured_ms = kDefaultMs;
  const auto found = params.find(kFirstInterval);
  if (found != params.end() && found->is_string()) {
    const auto parsed = parse_duration(found->get<std::string>());
    if (parsed) configured_ms = *parsed;
  }
  return std::clamp<int64_t>(since_ms / 10 / 1000 * 1000, 1000, std::max<int64_t>(configured_ms, 1000));
}

Config with_assumed_commit(Config config, int64_t assumed_ms) {
  nlohmann::json params = params_of(config);
  params[kFirstInterval] = format_duration(assumed_ms);
  auto part = std::find_if(config.topologies.begin(), config.topologies.end(), [](const auto& t) { return t.name == kTopology; });
  if (part == config.topologies.end()) part = config.topologies.insert(part, {std::string(kTopology), 1, {}});
  part->params_json = params.dump();
  return config;
}

LagReader::LagReader(const Config& config, const Topology& topology, std::unique_ptr<TopicTail> tail)
    : installation_(config.installation), topology_(topology), tail_(std::move(tail)) {}

Result<std::unique_ptr<LagReader>> LagReader::open(const Config& config, const Topology& topology, TailStart start, int timeout_ms) {
  auto tail = TopicTail::open(config.kafka, topology.source_topic(), timeout_ms, start);
  if (!tail) return tail.status();
  return std::unique_ptr<LagReader>(new LagReader(config, topology, std::move(*tail)));
}

void LagReader::process(const TopicRecord& record) {
  auto& task = tasks_[record.partition];
  if (task == nullptr) task = topology_.make_task({installation_, topology_.name(), record.partition, 1});
  const Record one = {.offset = record.offset, .timestamp_ms = record.timestamp_ms, .key = record.key, .value = record.value};
  task->process({.partition = record.partition, .records = std::span(&one, 1), .position = record.offset + 1}, outbox_);
  outbox_.clear();
  ++records_;
}

Result<size_t> LagReader::poll(int timeout_ms) {
  return tail_->poll(timeout_ms, [this](const TopicRecord& record) { process(record); });
}

std::string LagReader::rejected() const {
  std::map<std::string, uint64_t> reasons;
  for (const auto& [partition, task] : tasks_)
    for (const auto& [reason, count] : task->counts().rejected) reasons[reason] += count;
  uint64_t all = 0;
  std::string list;
  for (const auto& [reason, count] : reasons) {
    all += count;
    list += concat(list.empty() ? "" : ", ", reason, " ", std::to_string(count));
  }
  return all == 0 ? std::string() : concat(std::to_string(all), " (", list, ")");
}

}  // namespace headroom
