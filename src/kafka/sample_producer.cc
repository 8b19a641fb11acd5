#include "kafka/sample_producer.h"

#include "kafka/client.h"
#include "kafka/error.h"
#include "kafka/produce.h"

namespace headroom {

struct SampleProducer::Parts {
  std::string topic_name;
  uint64_t delivered = 0;
  uint64_t produced = 0;
  Status trouble;
  ClientHandle client;
  TopicHandle topic;

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* parts = static_cast<Parts*>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      ++parts->delivered;
    else if (parts->trouble)
      parts->trouble = kafka_status(message->err, "producing to " + parts->topic_name);
  }
};

SampleProducer::SampleProducer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SampleProducer::~SampleProducer() = default;

Result<std::unique_ptr<SampleProducer>> SampleProducer::open(const KafkaConfig& config, const std::string& topic) {
  ClientPlan plan = client_plan(config, RD_KAFKA_PRODUCER);
  plan.defaults.insert({{"enable.idempotence", "true"}, {"linger.ms", "5"}, {"compression.codec", "lz4"}, {"batch.num.messages", "50000"}});
  auto conf = make_conf(config, plan);
  if (!conf) return conf.status();
  auto parts = std::make_unique<Parts>();
  parts->topic_name = topic;
  rd_kafka_conf_set_dr_msg_cb(conf->get(), Parts::on_delivery);
  rd_kafka_conf_set_opaque(conf->get(), parts.get());
  auto client = make_client(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!client) return client.status();
  parts->client = std::move(*client);
  parts->topic.reset(rd_kafka_topic_new(parts->client.get(), topic.c_str(), nullptr));
  if (parts->topic == nullptr) return kafka_status(rd_kafka_last_error(), "topic " + topic);
  return std::unique_ptr<SampleProducer>(new SampleProducer(std::move(parts)));
}

Status SampleProducer::produce(std::string_view key, std::string_view value, int64_t timestamp_ms, int partition) {
  rd_kafka_t* client = parts_->client.get();
  if (++parts_->produced % 1024 == 0) rd_kafka_poll(client, 0);
  ProducedRecord record;
  record.topic = parts_->topic.get();
  if (partition >= 0) record.partition = partition;
  if (!key.empty()) record.key = key;
  record.value = value;
  record.timestamp_ms = timestamp_ms < 0 ? 0 : timestamp_ms;
  for (;;) {
    if (!parts_->trouble) return parts_->trouble;
    const auto error = produce_record(client, record);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::ok();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return kafka_status(error, "producing to " + parts_->topic_name);
    rd_kafka_poll(client, 10);
  }
}

Status SampleProducer::flush(int timeout_ms) {
  const Status status = kafka_status(rd_kafka_flush(parts_->client.get(), timeout_ms), "waiting for acknowledgements");
  return parts_->trouble ? status : parts_->trouble;
}

uint64_t SampleProducer::delivered() const {
  return parts_->delivered;
}

}  // namespace headroom
