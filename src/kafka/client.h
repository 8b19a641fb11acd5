#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <string>

#include "config/config.h"
#include "headroom/status.h"
#include "kafka/handle.h"

namespace headroom {

using KafkaProperties = std::map<std::string, std::string>;

// What a client is made of: `defaults` the user's properties may override; `required` is what correctness needs, and a user's property of
// that name with another value is refused.
struct ClientPlan {
  rd_kafka_type_t type = RD_KAFKA_CONSUMER;
  KafkaProperties defaults;
  KafkaProperties required;
};

// A plan with the properties that every client of that type has: brokers, latency, reconnection.
ClientPlan client_plan(const KafkaConfig& config, rd_kafka_type_t type);

// The library's configuration, with logs and errors going to base/log. kInvalid names the property; its value is not told when it may be
// secret.
Result<ConfHandle> make_conf(const KafkaConfig& config, const ClientPlan& plan);

// Takes the configuration. kInvalid: properties that do not go together.
Result<ClientHandle> make_client(rd_kafka_type_t type, ConfHandle conf);

// Both at once, for clients without callbacks of their own.
Result<ClientHandle> make_client(const KafkaConfig& config, const ClientPlan& plan);

// Milliseconds of a steady clock, for the deadlines of calls that wait.
int64_t steady_ms();

}  // namespace headroom
