#include "kafka/produce.h"

#include <array>

#include "kafka/handle.h"

namespace headroom {
namespace {

rd_kafka_vu_t part(rd_kafka_vtype_t type) {
  rd_kafka_vu_t made{};
  made.vtype = type;
  return made;
}

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, std::string_view data) {
  rd_kafka_vu_t made = part(type);
  made.u.mem.ptr = const_cast<char*>(data.data());
  made.u.mem.size = data.size();
  return made;
}

}  // namespace

rd_kafka_resp_err_t produce_record(rd_kafka_t* client, const ProducedRecord& record) {
  std::array<rd_kafka_vu_t, 7> parts{};
  size_t count = 0;
  parts[count] = part(RD_KAFKA_VTYPE_RKT);
  parts[count++].u.rkt = record.topic;
  parts[count] = part(RD_KAFKA_VTYPE_PARTITION);
  parts[count++].u.i32 = record.partition;
  parts[count] = part(RD_KAFKA_VTYPE_MSGFLAGS);
  parts[count++].u.i = RD_KAFKA_MSG_F_COPY;
  parts[count++] = bytes(RD_KAFKA_VTYPE_KEY, record.key);
  parts[count++] = bytes(RD_KAFKA_VTYPE_VALUE, record.value);
  parts[count] = part(RD_KAFKA_VTYPE_TIMESTAMP);
  parts[count++].u.i64 = record.timestamp_ms;
  if (record.headers != nullptr) {
    parts[count] = part(RD_KAFKA_VTYPE_HEADERS);
    parts[count++].u.headers = record.headers;
  }
  const ErrorHandle error(rd_kafka_produceva(client, parts.data(), count));
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error.get());
}

}  // namespace headroom
