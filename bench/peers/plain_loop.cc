// right_sizing as one writes it in an afternoon: a librdkafka consumer, nlohmann-json, a std::map and a producer. Nothing is guaranteed:
// state is lost with the process, and what was consumed, decided and written can come apart at any point. What is left of it is the floor
// that guarantees are measured from.
//
//   plain_loop CONFIG
//
// In its favour: the rules are Headroom's own operator, what is not a sample is dropped without a word, and offsets are committed now and
// then by the library. Runs until it is killed.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/time_text.h"
#include "headroom/codec.h"
#include "kafka/client.h"
#include "kafka/handle.h"
#include "operators/right_sizing.h"

namespace headroom::bench {
namespace {

using nlohmann::json;

struct PlainJob {
  KafkaConfig kafka;
  std::string group;
  RightSizingParams params;
};

// The settings that the other jobs of this comparison know, too.
RightSizingParams params_of(const json& section) {
  RightSizingParams params;
  const auto duration = [&](const char* name, int64_t otherwise) {
    return section.contains(name) ? parse_duration(section[name].get<std::string>()).value() : otherwise;
  };
  SizingRules& rules = params.rules;
  params.topic = section.at("topic");
  params.action_topic = section.at("action_topic");
  rules.window_ms = duration("window", rules.window_ms);
  rules.min_history_ms = duration("min_history", rules.window_ms / 2);
  rules.patience = section.value("patience", rules.patience);
  rules.limits.min_change = section.value("min_change", rules.limits.min_change);
  rules.limits.cooldown_ms = duration("cooldown", rules.limits.cooldown_ms);
  rules.limits.repeat_after_ms = duration("repeat_after", rules.limits.repeat_after_ms);
  rules.limits.budget = section.value("budget", rules.limits.budget);
  return params;
}

PlainJob job_of(const char* path) {
  std::ifstream file(path);
  const json config = json::parse(file);
  PlainJob job;
  job.group = config.at("installation");
  job.kafka.brokers = config.at("kafka").at("brokers");
  job.params = params_of(config.at("topologies").at("right_sizing"));
  return job;
}

class PlainLoop {
 public:
  PlainLoop(const PlainJob& job, ClientHandle producer)
      : operator_(job.params),
        producer_(std::move(producer)),
        topic_(rd_kafka_topic_new(producer_.get(), job.params.action_topic.c_str(), nullptr)) {}

  void take(const rd_kafka_message_t& message) {
    const std::string_view text(static_cast<const char*>(message.payload), message.len);
    const json record = json::parse(text, nullptr, false);
    if (!record.is_object()) return;
    const json& labels = record.at("labels");
    const std::string target = record.at("target");
    const std::string container = labels.value("container", "");
    const std::string instance = labels.value("instance", "");
    Sample sample;
    sample.target = target;
    sample.container = container;
    sample.instance = instance;
    sample.metric = metric_named(record.at("metric").get_ref<const std::string&>());
    sample.time_ms = record.at("time_ms");
    sample.value = record.at("value");
    const auto assessment = operator_.step(states_[target + '/' + container], sample);
    if (!assessment) return;
    if (const auto action = command_of(*assessment)) send(*action, message);
  }

  void poll() { rd_kafka_poll(producer_.get(), 0); }

 private:
  void send(const ResizeAction& action, const rd_kafka_message_t& cause) {
    const std::string lane = "right_sizing/" + std::to_string(cause.partition);
    const std::string offset = std::to_string(cause.offset);
    encode_resize(action, {.source = "plain", .lane = lane, .input_offset = cause.offset}, encoded_);
    rd_kafka_headers_t* headers = rd_kafka_headers_new(4);
    for (const auto& [name, text] : encoded_.headers)
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text.data(), static_cast<ssize_t>(text.size()));
    rd_kafka_header_add(headers, "lane", -1, lane.data(), static_cast<ssize_t>(lane.size()));
    rd_kafka_header_add(headers, "input_offset", -1, offset.data(), static_cast<ssize_t>(offset.size()));
    const auto error =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(encoded_.key.data(), encoded_.key.size()),
                          RD_KAFKA_V_VALUE(encoded_.value.data(), encoded_.value.size()), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) std::fprintf(stderr, "plain_loop: lost a command: %s\n", rd_kafka_err2str(error));
  }

  RightSizing operator_;
  ClientHandle producer_;
  TopicHandle topic_;
  std::map<std::string, RightSizing::State> states_;
  Encoded encoded_;
};

Status run(const char* path) {
  const PlainJob job = job_of(path);
  ClientPlan reading = client_plan(job.kafka, RD_KAFKA_CONSUMER);
  reading.required.insert_or_assign("group.id", job.group);
  reading.required.insert_or_assign("auto.offset.reset", "earliest");
  reading.required.insert_or_assign("enable.auto.commit", "true");
  reading.required.insert_or_assign("enable.auto.offset.store", "true");
  reading.required.insert_or_assign("auto.commit.interval.ms", "100");  // as often as the others commit
  reading.required.insert_or_assign("queued.min.messages", "1000000");
  auto consumer = make_client(job.kafka, reading);
  if (!consumer) return consumer.status();
  auto producer = make_client(job.kafka, client_plan(job.kafka, RD_KAFKA_PRODUCER));
  if (!producer) return producer.status();
  rd_kafka_poll_set_consumer(consumer->get());
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), job.params.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(consumer->get(), topics.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return Status(Code::kUnavailable, "subscribe failed");
  PlainLoop loop(job, std::move(*producer));
  for (;;) {
    const MessageHandle message(rd_kafka_consumer_poll(consumer->get(), 10));
    loop.poll();
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) loop.take(*message);
  }
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: plain_loop CONFIG\n"), 2;
  const headroom::Status status = headroom::bench::run(argv[1]);
  return std::fprintf(stderr, "plain_loop: %s\n", status.to_string().c_str()), 3;
}
