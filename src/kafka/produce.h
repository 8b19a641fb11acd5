#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

namespace headroom {

struct ProducedRecord {
  rd_kafka_topic_t* topic = nullptr;
  int32_t partition = RD_KAFKA_PARTITION_UA;
  std::string_view key;  // no data: none
  std::string_view value;
  int64_t timestamp_ms = 0;               // 0: now
  rd_kafka_headers_t* headers = nullptr;  // the library's once the record is taken
};

// Queues a copy.
rd_kafka_resp_err_t produce_record(rd_kafka_t* client, const ProducedRecord& record);

}  // namespace headroom
