#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/ports.h"
#include "headroom/status.h"

// The worker's ports over a real Kafka. Nothing outside src/kafka includes librdkafka.
namespace headroom {

struct KafkaWorkerOptions {
  KafkaConfig kafka;
  std::string installation;
  std::string topology;
  std::string slot;  // stable name of this worker, [A-Za-z0-9._-]; group.instance.id and transactional.id are installation.topology.slot
  std::string source_topic;
  std::vector<std::string> output_topics;
  Delivery delivery = Delivery::kExactlyOnce;

  std::string group() const { return installation + "." + topology; }
  std::string member(std::string_view of_slot) const { return group() + "." + std::string(of_slot); }
};

// A static member of the group installation.topology, not yet subscribed. kInvalid: properties that cannot be; no connection is waited for.
Result<std::unique_ptr<Source>> make_kafka_source(const KafkaWorkerOptions& options);

// Not yet open. `source` is the same worker's, of make_kafka_source, and outlives the sink: in at_least_once mode offsets go through it.
Result<std::unique_ptr<Sink>> make_kafka_sink(const KafkaWorkerOptions& options, Source& source);

// Whether librdkafka takes the properties of this configuration, one Status a client kind that it does not take. Opens no connection.
std::vector<Status> check_kafka_properties(const KafkaConfig& config);

}  // namespace headroom
