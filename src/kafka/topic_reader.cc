#include "kafka/topic_reader.h"

#include <algorithm>
#include <map>

#include "kafka/assign.h"
#include "kafka/client.h"
#include "kafka/error.h"
#include "kafka/message.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

Result<ClientHandle> make_reader(const KafkaConfig& config, const char* isolation) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  // Never joined and never committed to: the library wants a name.
  plan.required.insert({{"group.id", "headroom.reader"}, {"isolation.level", isolation}});
  plan.defaults.insert({{"queued.min.messages", "200000"}, {"queued.max.messages.kbytes", "65536"}});
  KafkaConfig own = config;
  for (auto* properties : {&own.properties, &own.consumer_properties})
    for (const char* name : {"group.instance.id", "statistics.interval.ms", "isolation.level"}) properties->erase(name);
  return make_client(own, plan);
}

Result<int> count_partitions(rd_kafka_t* client, const std::string& topic, int64_t deadline) {
  const TopicHandle handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  if (handle == nullptr) return kafka_status(rd_kafka_last_error(), "topic " + topic);
  const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(client, 0, handle.get(), &metadata, left);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "topic " + topic);
  const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (count == 0) return Status(Code::kNotFound, "there is no topic " + topic);
  return count;
}

// -1 and -2 are the end and the start; a request may name a partition once only, so each is a request of its own.
Status offsets_at(rd_kafka_t* client, rd_kafka_topic_partition_list_t* list, int64_t time, int64_t deadline) {
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = time;
  const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
  auto error = rd_kafka_offsets_for_times(client, list, left);
  for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; ++i) error = list->elems[i].err;
  return kafka_status(error, "log bounds");
}

Result<std::vector<PartitionBounds>> bounds_of(rd_kafka_t* client, const std::string& topic, int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  const auto count = count_partitions(client, topic, deadline);
  if (!count) return count.status();
  std::vector<Partition> partitions(static_cast<size_t>(*count));
  for (size_t i = 0; i < partitions.size(); ++i) partitions[i] = static_cast<Partition>(i);
  const PartitionList starts = list_of(topic, std::span<const Partition>(partitions));
  const PartitionList ends = list_of(topic, std::span<const Partition>(partitions));
  if (Status status = offsets_at(client, starts.get(), RD_KAFKA_OFFSET_BEGINNING, deadline); !status) return status;
  if (Status status = offsets_at(client, ends.get(), RD_KAFKA_OFFSET_END, deadline); !status) return status;
  std::vector<PartitionBounds> all;
  for (int i = 0; i < *count; ++i) all.push_back({i, starts->elems[i].offset, ends->elems[i].offset});
  return all;
}

// Where reading of each partition has still to get to.
using Ends = std::map<Partition, Offset>;

// Takes what one poll gave; false when `take` wants no more.
Result<bool> take_one(const rd_kafka_message_t& message, const ReadTopic& what, const std::function<bool(const TopicRecord&)>& take,
                      Ends& ends) {
  const auto end = ends.find(message.partition);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (end != ends.end() && message.offset >= end->second) ends.erase(end);
    return true;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Status status = kafka_status(message.err, "reading " + what.topic);
    if (status.code() == Code::kUnavailable || status.code() == Code::kTimeout) return true;
    return status;
  }
  if (end == ends.end() || message.offset >= end->second) {
    if (end != ends.end()) ends.erase(end);
    return true;
  }
  if (!take(record_of(message, what.topic, what.with_headers))) return false;
  if (message.offset + 1 >= end->second) ends.erase(end);
  return true;
}

Status read_until(rd_kafka_t* client, const ReadTopic& what, const std::function<bool(const TopicRecord&)>& take, Ends& ends) {
  int64_t last_progress = steady_ms();
  while (!ends.empty()) {
    const MessageHandle message(rd_kafka_consumer_poll(client, 100));
    if (message == nullptr) {
      if (steady_ms() - last_progress > what.timeout_ms) return Status(Code::kTimeout, "reading " + what.topic + ": nothing came");
      continue;
    }
    last_progress = steady_ms();
    const auto more = take_one(*message, what, take, ends);
    if (!more) return more.status();
    if (!*more) break;
  }
  return Status::ok();
}

}  // namespace

std::string_view TopicRecord::header(std::string_view name) const {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header)
    if (header->first == name) return header->second;
  return {};
}

Result<std::vector<PartitionBounds>> topic_bounds(const KafkaConfig& config, const std::string& topic, int timeout_ms) {
  auto client = make_reader(config, "read_committed");
  return client ? bounds_of(client->get(), topic, timeout_ms) : client.status();
}

Status read_topic(const KafkaConfig& config, const ReadTopic& what, const std::function<bool(const TopicRecord&)>& take) {
  auto client = make_reader(config, "read_committed");
  if (!client) return client.status();
  // Asked of this handle in any case: one that has not heard of a topic looks for its leaders only once a second.
  auto bounds = bounds_of(client->get(), what.topic, std::max(what.timeout_ms, 1));
  if (bounds && what.wait_for_open) {
    // To a handle that reads uncommitted records, too, the log ends behind them.
    const auto other = make_reader(config, "read_uncommitted");
    if (!other) return other.status();
    bounds = bounds_of(other->get(), what.topic, std::max(what.timeout_ms, 1));
  }
  if (!bounds) return bounds.status();
  Ends ends;
  std::vector<PartitionOffset> starts;
  for (const auto& [partition, start, end] : *bounds) {
    const bool wanted =
        what.partitions.empty() || std::find(what.partitions.begin(), what.partitions.end(), partition) != what.partitions.end();
    if (!wanted || end <= start) continue;
    starts.push_back({partition, what.last_records > 0 ? std::max(start, end - what.last_records) : start});
    ends[partition] = end;
  }
  if (ends.empty()) return Status::ok();
  const PartitionList list = list_of(what.topic, std::span<const PartitionOffset>(starts));
  if (Status status = assign_and_settle(client->get(), list.get()); !status) return status;
  return read_until(client->get(), what, take, ends);
}

}  // namespace headroom
