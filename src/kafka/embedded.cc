#include "kafka/embedded.h"

#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h>

#include "kafka/client.h"
#include "kafka/error.h"

namespace headroom {

struct EmbeddedBroker::Parts {
  ClientHandle client;  // the mock runs in a client's thread
  std::unique_ptr<rd_kafka_mock_cluster_t, KafkaDeleter<rd_kafka_mock_cluster_destroy>> cluster;
};

EmbeddedBroker::EmbeddedBroker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
EmbeddedBroker::~EmbeddedBroker() = default;

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start() {
  KafkaConfig config;
  config.brokers.clear();
  config.properties.emplace("log_level", "3");  // it would say that it has no brokers
  auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
  if (!client) return client.status();
  auto parts = std::make_unique<Parts>();
  parts->client = std::move(*client);
  parts->cluster.reset(rd_kafka_mock_cluster_new(parts->client.get(), 1));
  if (parts->cluster == nullptr) return Status(Code::kInternal, "the embedded broker does not start");
  return std::unique_ptr<EmbeddedBroker>(new EmbeddedBroker(std::move(parts)));
}

Status EmbeddedBroker::create_topic(const std::string& topic, int partitions) {
  return kafka_status(rd_kafka_mock_topic_create(parts_->cluster.get(), topic.c_str(), partitions, 1), "creating " + topic);
}

std::string EmbeddedBroker::brokers() const {
  return rd_kafka_mock_cluster_bootstraps(parts_->cluster.get());
}

rd_kafka_mock_cluster_s* EmbeddedBroker::cluster() {
  return parts_->cluster.get();
}

}  // namespace headroom
