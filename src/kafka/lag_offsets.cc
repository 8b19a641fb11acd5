#include "kafka/lag_offsets.h"

#include <algorithm>
#include <thread>
#include <tuple>
#include <vector>

#include "kafka/error.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

// The library searches its lists from their beginning, entry by entry, so that large ones cost more than their requests.
constexpr size_t kBatch = 500;
constexpr size_t kThreads = 3;
constexpr int64_t kRequestMs = 2000;

bool same_place(const OffsetQuestion& a, const OffsetQuestion& b) {
  return a.partition == b.partition && *a.topic == *b.topic;
}

// Spans of one leader, at most kBatch long, no place twice in any: `sorted` is by leader and place, and a repetition begins a new one.
std::vector<std::span<OffsetQuestion* const>> batches_of(std::span<OffsetQuestion* const> sorted) {
  std::vector<std::span<OffsetQuestion* const>> batches;
  size_t begin = 0;
  for (size_t i = 1; i <= sorted.size(); ++i) {
    const bool ends =
        i == sorted.size() || i - begin == kBatch || sorted[i]->leader != sorted[begin]->leader || same_place(*sorted[i], *sorted[i - 1]);
    if (!ends) continue;
    batches.push_back(sorted.subspan(begin, i - begin));
    begin = i;
  }
  return batches;
}

}  // namespace

Result<std::unique_ptr<LagOffsets>> LagOffsets::make(const KafkaConfig& config, End end) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  // Never joined and never committed to: the library wants a name.
  plan.required.insert(
      {{"group.id", "headroom.lag-source"}, {"isolation.level", end == End::kHigh ? "read_uncommitted" : "read_committed"}});
  auto client = make_client(config, plan);
  if (!client) return client.status();
  return std::unique_ptr<LagOffsets>(new LagOffsets(std::move(*client)));
}

void LagOffsets::ask(std::span<OffsetQuestion> questions, int64_t deadline_ms) {
  std::vector<OffsetQuestion*> sorted;
  sorted.reserve(questions.size());
  for (OffsetQuestion& question : questions) sorted.push_back(&question);
  std::sort(sorted.begin(), sorted.end(), [](const OffsetQuestion* a, const OffsetQuestion* b) {
    return std::tie(a->leader, *a->topic, a->partition) < std::tie(b->leader, *b->topic, b->partition);
  });
  const auto batches = batches_of(sorted);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < batches.size(); i = next++) ask_batch(batches[i], deadline_ms);
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(kThreads, batches.size()); ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

void LagOffsets::ask_batch(std::span<OffsetQuestion* const> batch, int64_t deadline_ms) {
  const int64_t left = std::min(kRequestMs, deadline_ms - steady_ms());
  Code code = Code::kTimeout;
  const PartitionList list = partition_list(batch.size());
  if (left > 0) {
    for (const OffsetQuestion* question : batch)
      rd_kafka_topic_partition_list_add(list.get(), question->topic->c_str(), question->partition)->offset = question->time_ms;
    ++requests_;
    code = kafka_code(rd_kafka_offsets_for_times(client_.get(), list.get(), static_cast<int>(left)));
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i]->code = code != Code::kOk ? code : kafka_code(list->elems[i].err);
    if (batch[i]->code == Code::kOk) batch[i]->offset = list->elems[i].offset;
  }
}

}  // namespace headroom
