#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "kafka/topic_reader.h"

namespace headroom {

// A message as a record of its topic. The views hold as long as the message and `topic`.
inline TopicRecord record_of(const rd_kafka_message_t& message, const std::string& topic, bool with_headers) {
  TopicRecord record{.topic = topic,
                     .partition = message.partition,
                     .offset = message.offset,
                     .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
                     .key = {static_cast<const char*>(message.key), message.key_len},
                     .value = {static_cast<const char*>(message.payload), message.len},
                     .headers = {}};
  rd_kafka_headers_t* headers = nullptr;
  if (!with_headers || rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, std::string_view(static_cast<const char*>(value), size));
  return record;
}

}  // namespace headroom
