#include "kafka/lag_records.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "kafka/assign.h"
#include "kafka/error.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

constexpr int kMostAfter = 100;

struct Reading {
  RecordQuestion* question = nullptr;
  int after = 0;
  bool done = false;

  void finish(Code code) {
    question->code = code;
    done = true;
  }

  void take(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      question->end = message.offset;
      return finish(Code::kOk);
    }
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const Code code = kafka_code(message.err);
      if (code != Code::kUnavailable && code != Code::kTimeout) finish(code);
      return;
    }
    if (message.offset < question->from) return;
    const SeenRecord seen{message.offset, std::max<int64_t>(rd_kafka_message_timestamp(&message, nullptr), 0)};
    question->last = seen;
    if (message.offset < question->mark) {
      question->before = seen;
      return;
    }
    if (!question->after) question->after = seen;
    if (!question->to_end || ++after >= kMostAfter) finish(Code::kOk);
  }
};

using Place = std::pair<std::string_view, Partition>;

}  // namespace

Result<std::unique_ptr<LagRecords>> LagRecords::make(const KafkaConfig& config) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  // Fetches are small, since a record or two are wanted of each, and the queue is larger than any of them: a full one would stop the next
  // question for a second.
  plan.required.insert({{"group.id", "headroom.lag-source"},
                        {"isolation.level", "read_committed"},
                        {"fetch.message.max.bytes", "65536"},
                        {"queued.max.messages.kbytes", "65536"}});
  KafkaConfig own = config;
  for (const char* name : {"fetch.message.max.bytes", "max.partition.fetch.bytes", "queued.min.messages", "queued.max.messages.kbytes"}) {
    own.properties.erase(name);
    own.consumer_properties.erase(name);
  }
  auto client = make_client(own, plan);
  if (!client) return client.status();
  return std::unique_ptr<LagRecords>(new LagRecords(std::move(*client)));
}

Status LagRecords::read(std::span<RecordQuestion> questions, int64_t deadline_ms) {
  std::map<Place, Reading> readings;
  const PartitionList list = partition_list(questions.size());
  for (RecordQuestion& question : questions) {
    readings[{*question.topic, question.partition}] = {&question};
    rd_kafka_topic_partition_list_add(list.get(), question.topic->c_str(), question.partition)->offset = question.from;
  }
  if (Status status = assign_and_settle(client_.get(), list.get()); !status) return status;
  size_t open = readings.size();
  while (open > 0) {
    const int64_t left = deadline_ms - steady_ms();
    if (left <= 0) break;
    const MessageHandle message(rd_kafka_consumer_poll(client_.get(), static_cast<int>(left)));
    if (message == nullptr || message->rkt == nullptr) continue;
    const auto reading = readings.find({rd_kafka_topic_name(message->rkt), message->partition});
    if (reading == readings.end() || reading->second.done) continue;
    reading->second.take(*message);
    if (reading->second.done) --open;
  }
  return assign_and_settle(client_.get(), nullptr);
}

}  // namespace headroom
