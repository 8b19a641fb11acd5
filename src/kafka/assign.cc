#include "kafka/assign.h"

#include "kafka/error.h"
#include "kafka/handle.h"

namespace headroom {
namespace {

// A question that the library's main thread answers from the queue in which it also stops partitions.
void wait_for_main_thread(rd_kafka_t* client) {
  rd_kafka_topic_partition_list_t* answer = nullptr;
  rd_kafka_assignment(client, &answer);
  if (answer != nullptr) rd_kafka_topic_partition_list_destroy(answer);
}

}  // namespace

Status assign_and_settle(rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions) {
  const Status status = kafka_status(rd_kafka_assign(client, partitions), "assigning partitions");
  // Stopping is two steps of that queue, the second enqueued by the first: the first question is answered after the first step and the
  // second after the second.
  wait_for_main_thread(client);
  wait_for_main_thread(client);
  return status;
}

}  // namespace headroom
