#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "headroom/status.h"

namespace headroom {

// What kind of failure a librdkafka code is; the one table of them.
Code kafka_code(rd_kafka_resp_err_t error);

// "doing: the library's text (NAME)". Never carries a property's value.
Status kafka_status(rd_kafka_resp_err_t error, std::string_view doing);
Status kafka_status(const rd_kafka_error_t* error, std::string_view doing);

// Whether the group's coordinator no longer knows this member or this generation: its lanes are another's.
bool is_lost_membership(rd_kafka_resp_err_t error);

// Whether another client has taken this one's transactional.id or group.instance.id.
bool is_fenced(rd_kafka_resp_err_t error);

}  // namespace headroom
