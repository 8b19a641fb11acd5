#pragma once

#include <memory>
#include <string>

#include "headroom/status.h"

struct rd_kafka_mock_cluster_s;

namespace headroom {

// A broker within this process: librdkafka's mock cluster, reached over a loopback port by any number of clients and processes.
//
// It speaks the wire protocol and keeps about 5 MiB a partition, in memory. It has no transactions worth the name (no read_committed, no
// fencing, offsets sent in a transaction are lost), no static members, no admin requests: for the demo in at_least_once mode, and for
// errors made on purpose. A group takes 3 s to form for the first time, and a member that joins later waits for the session timeout.
class EmbeddedBroker {
 public:
  static Result<std::unique_ptr<EmbeddedBroker>> start();
  ~EmbeddedBroker();

  Status create_topic(const std::string& topic, int partitions);
  // "127.0.0.1:port"
  std::string brokers() const;
  // For error injection; the broker's as long as it lives.
  rd_kafka_mock_cluster_s* cluster();

 private:
  struct Parts;
  explicit EmbeddedBroker(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom
