#pragma once

#include <librdkafka/rdkafka.h>

#include "headroom/status.h"

namespace headroom {

// rd_kafka_assign() that returns when the library has done with it; `partitions` null: unassigns.
//
// Called again while partitions of the call before are still being stopped, librdkafka 2.0.2 stops them twice and then aborts the process
// (rd_kafka_assignment_partition_stopped: Assertion `rktp->rktp_started').
Status assign_and_settle(rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions);

}  // namespace headroom
