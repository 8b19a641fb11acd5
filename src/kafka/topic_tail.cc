#include "kafka/topic_tail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kafka/client.h"
#include "kafka/error.h"
#include "kafka/message.h"
#include "kafka/partitions.h"

namespace headroom {

struct TopicTail::Parts {
  std::string topic;
  std::vector<Offset> positions;
  std::vector<Offset> ends;  // when it was opened
  ClientHandle client;
  QueueHandle queue;  // released before the client

  Result<size_t> take(MessageHandle message, const std::function<void(const TopicRecord&)>& take_record);
};

namespace {

constexpr size_t kMostRecords = 10'000;
constexpr size_t kChunk = 500;

Result<ClientHandle> make_follower(const KafkaConfig& config) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  // Never joined and never committed to: the library wants a name.
  plan.required.insert({{"group.id", "headroom.reader"}, {"isolation.level", "read_committed"}});
  plan.defaults["fetch.wait.max.ms"] = "10";
  return make_client(config, plan);
}

// Where the records of a time and later begin; a request answers with -1 where there are none.
Result<std::vector<PartitionOffset>> starts_of(rd_kafka_t* client, const std::string& topic, std::span<const PartitionBounds> bounds,
                                               TailStart start, int timeout_ms) {
  std::vector<PartitionOffset> starts;
  for (const auto& one : bounds) starts.push_back({one.partition, start.time_ms < 0 ? one.start : start.time_ms});
  if (start.time_ms < 0) return starts;
  const PartitionList list = list_of(topic, std::span<const PartitionOffset>(starts));
  auto error = rd_kafka_offsets_for_times(client, list.get(), timeout_ms);
  for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; ++i) error = list->elems[i].err;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, "offsets of " + topic + " by time");
  for (size_t i = 0; i < starts.size(); ++i) {
    const Offset found = list->elems[i].offset;
    starts[i].offset = found < 0 ? bounds[i].end : std::max(found, bounds[i].start);
  }
  return starts;
}

}  // namespace

// How many records it was: 0 or 1.
Result<size_t> TopicTail::Parts::take(MessageHandle message, const std::function<void(const TopicRecord&)>& take_record) {
  Offset& position = positions.at(static_cast<size_t>(std::max(message->partition, 0)));
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    position = std::max(position, message->offset);
    return size_t{0};
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Status status = kafka_status(message->err, "following " + topic);
    if (status.code() == Code::kUnavailable || status.code() == Code::kTimeout) return size_t{0};
    return status;
  }
  if (message->offset < position) return size_t{0};
  position = message->offset + 1;
  take_record(record_of(*message, topic, true));
  return size_t{1};
}

TopicTail::TopicTail(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TopicTail::~TopicTail() = default;

Result<std::unique_ptr<TopicTail>> TopicTail::open(const KafkaConfig& config, const std::string& topic, int timeout_ms, TailStart start) {
  const auto bounds = topic_bounds(config, topic, timeout_ms);
  if (!bounds) return bounds.status();
  auto client = make_follower(config);
  if (!client) return client.status();
  auto parts = std::make_unique<Parts>();
  parts->topic = topic;
  const auto starts = starts_of(client->get(), topic, *bounds, start, timeout_ms);
  if (!starts) return starts.status();
  for (size_t i = 0; i < bounds->size(); ++i) {  // bounds are in the order of their numbers
    parts->positions.push_back((*starts)[i].offset);
    parts->ends.push_back((*bounds)[i].end);
  }
  const PartitionList list = list_of(topic, std::span<const PartitionOffset>(*starts));
  if (Status status = kafka_status(rd_kafka_assign(client->get(), list.get()), "following " + topic); !status) return status;
  parts->client = std::move(*client);
  parts->queue.reset(rd_kafka_queue_get_consumer(parts->client.get()));
  return std::unique_ptr<TopicTail>(new TopicTail(std::move(parts)));
}

// A batch call waits until it is full, so the first record is waited for alone.
Result<size_t> TopicTail::poll(int timeout_ms, const std::function<void(const TopicRecord&)>& take) {
  MessageHandle first(rd_kafka_consumer_poll(parts_->client.get(), timeout_ms));
  if (first == nullptr) return size_t{0};
  auto taken = parts_->take(std::move(first), take);
  std::array<rd_kafka_message_t*, kChunk> messages;
  while (taken && *taken < kMostRecords) {
    const auto got = rd_kafka_consume_batch_queue(parts_->queue.get(), 0, messages.data(), messages.size());
    if (got <= 0) break;
    for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
      MessageHandle message(messages[i]);
      if (!taken) continue;  // released all the same
      const auto more = parts_->take(std::move(message), take);
      taken = more ? Result<size_t>(*taken + *more) : more;
    }
  }
  return taken;
}

std::vector<Offset> TopicTail::positions() const {
  return parts_->positions;
}

bool TopicTail::caught_up() const {
  return std::equal(parts_->positions.begin(), parts_->positions.end(), parts_->ends.begin(), std::greater_equal<>());
}

}  // namespace headroom
