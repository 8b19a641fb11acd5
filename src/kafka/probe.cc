#include "kafka/probe.h"

#include <algorithm>

#include "kafka/assign.h"
#include "kafka/error.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

bool lists(const rd_kafka_ConsumerGroupDescription_t* group, std::string_view instance) {
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); ++i) {
    const char* id = rd_kafka_MemberDescription_group_instance_id(rd_kafka_ConsumerGroupDescription_member(group, i));
    if (id != nullptr && instance == id) return true;
  }
  return false;
}

}  // namespace

Result<std::vector<Committed>> committed_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<Committed> all;
  for (int i = 0; i < list.cnt; ++i) {
    const auto& entry = list.elems[i];
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(entry.err, "committed offsets");
    Committed one{entry.partition, std::nullopt, {}};
    if (entry.offset >= 0) one.offset = entry.offset;
    if (entry.metadata != nullptr) one.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
    all.push_back(std::move(one));
  }
  return all;
}

Result<std::unique_ptr<GroupProbe>> GroupProbe::make(const KafkaConfig& config, const std::string& group, const std::string& topic) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  // Uncommitted records too: otherwise another's open transaction would hide what is asked for. Fetches are small, and the queue is larger
  // than one of them, since a full queue would stop the next question for a second.
  plan.required.insert({{"group.id", group},
                        {"isolation.level", "read_uncommitted"},
                        {"fetch.message.max.bytes", "65536"},
                        {"queued.max.messages.kbytes", "16384"}});
  KafkaConfig own = config;
  for (const char* name : {"isolation.level", "fetch.message.max.bytes", "max.partition.fetch.bytes", "queued.min.messages",
                           "queued.max.messages.kbytes", "group.instance.id", "statistics.interval.ms"}) {
    own.properties.erase(name);
    own.consumer_properties.erase(name);
  }
  auto client = make_client(own, plan);
  if (!client) return client.status();
  std::unique_ptr<GroupProbe> probe(new GroupProbe(std::move(*client), group, topic));
  // Named before the client connects, so that it learns of the topic as it does. Later it would take half a second, in the midst of a
  // takeover.
  probe->known_.reset(rd_kafka_topic_new(probe->client_.get(), topic.c_str(), nullptr));
  return probe;
}

Result<std::vector<Committed>> GroupProbe::committed(std::span<const Partition> partitions, int timeout_ms) {
  const PartitionList list = list_of(topic_, partitions);
  const auto error = rd_kafka_committed(client_.get(), list.get(), timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "committed offsets");
  return committed_of(*list);
}

Result<std::optional<int64_t>> GroupProbe::timestamp_at(Partition partition, Offset offset, int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  const PartitionOffset place{partition, offset};
  const PartitionList list = list_of(topic_, std::span(&place, 1));
  if (Status status = assign_and_settle(client_.get(), list.get()); !status) return status;
  Result<std::optional<int64_t>> found = Status(Code::kTimeout, "reading one record: no answer");
  while (!found && found.status().code() == Code::kTimeout) {
    const int64_t left = deadline - steady_ms();
    if (left <= 0) break;
    const MessageHandle message(rd_kafka_consumer_poll(client_.get(), static_cast<int>(left)));
    if (message == nullptr || message->partition != partition) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (message->offset < offset) continue;
      std::optional<int64_t> time;
      if (message->offset == offset) time = rd_kafka_message_timestamp(message.get(), nullptr);
      found = time;
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || kafka_code(message->err) == Code::kNotFound) {
      found = std::optional<int64_t>();  // the log ends here, or no longer reaches back so far
    } else if (kafka_code(message->err) != Code::kUnavailable) {
      found = kafka_status(message->err, "reading one record");
    }
  }
  if (Status status = assign_and_settle(client_.get(), nullptr); !status) return status;
  return found;
}

Result<bool> GroupProbe::lists_instance(std::string_view instance, int timeout_ms) {
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  const AdminOptions options(rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(timeout_ms, 1), text, sizeof text);
  const char* group = group_.c_str();
  rd_kafka_DescribeConsumerGroups(client_.get(), &group, 1, options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), timeout_ms));
  if (event == nullptr) return Status(Code::kTimeout, "describing the consumer group: no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_status(rd_kafka_event_error(event.get()), "describing the consumer group");
  size_t count = 0;
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    if (const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[i])) return kafka_status(error, "describing the consumer group");
    if (lists(groups[i], instance)) return true;
  }
  return false;
}

}  // namespace headroom
