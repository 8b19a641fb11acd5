#include "cli/lag_reader.h"

#include <span>
#include <utility>

#include "base/concat.h"

namespace headroom {

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
