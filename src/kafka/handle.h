#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace headroom {

template <auto destroy>
struct KafkaDeleter {
  template <class T>
  void operator()(T* handle) const {
    destroy(handle);
  }
};

// Ends a client without leaving its group and without waiting for ever: known faults of the library can block its destruction, so after 5 s
// it is left behind to a thread of its own and that is logged.
void destroy_client(rd_kafka_t* client);

using ClientHandle = std::unique_ptr<rd_kafka_t, KafkaDeleter<destroy_client>>;
using ConfHandle = std::unique_ptr<rd_kafka_conf_t, KafkaDeleter<rd_kafka_conf_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaDeleter<rd_kafka_topic_partition_list_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, KafkaDeleter<rd_kafka_queue_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaDeleter<rd_kafka_topic_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, KafkaDeleter<rd_kafka_event_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, KafkaDeleter<rd_kafka_message_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, KafkaDeleter<rd_kafka_error_destroy>>;
using GroupHandle = std::unique_ptr<rd_kafka_consumer_group_metadata_t, KafkaDeleter<rd_kafka_consumer_group_metadata_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, KafkaDeleter<rd_kafka_AdminOptions_destroy>>;

}  // namespace headroom
