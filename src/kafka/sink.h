#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/ports.h"
#include "kafka/client.h"
#include "kafka/kafka.h"
#include "kafka/source.h"

namespace headroom {

// A Sink over one librdkafka producer, used by one thread. In exactly_once mode a commit is a Kafka transaction; otherwise an idempotent
// producer's records, acknowledged, and then a plain offset commit through the source.
//
// This client speaks the first version of the transaction protocol: after an outcome that is not known the producer must not begin another
// transaction. Every such outcome is kUnknown here, and open() makes a new one.
class KafkaSink final : public Sink {
 public:
  // `source` outlives the sink.
  KafkaSink(KafkaWorkerOptions options, KafkaSource& source) : options_(std::move(options)), source_(source) {}

  Status open(int timeout_ms) override;
  Status end_transaction_of(std::string_view slot, int timeout_ms) override;
  Status begin() override;
  Status produce(const OutRecord& record) override;
  CommitResult send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) override;
  CommitResult commit() override;
  CommitResult abort() override;

  // Whether librdkafka takes the properties; opens no connection.
  static Status check(const KafkaWorkerOptions& options);

 private:
  bool transactional() const { return options_.delivery == Delivery::kExactlyOnce; }
  static Result<ConfHandle> make_conf(const KafkaWorkerOptions& options, const std::string& slot);
  Result<ClientHandle> make_producer(const std::string& slot);
  Status fetch_metadata(int64_t deadline);
  Status fatal_status() const;
  CommitResult commit_transaction();
  CommitResult commit_plain();
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t*, void*);

  KafkaWorkerOptions options_;
  KafkaSource& source_;
  bool in_transaction_ = false;
  bool good_ = false;                             // for another transaction; otherwise open() must make it anew
  bool spent_ = false;                            // good for no more than ending this transaction
  std::vector<OffsetCommit> offsets_;             // at_least_once: until commit
  const GroupMetadata* offsets_group_ = nullptr;  // at_least_once: whose they are
  uint64_t failed_deliveries_ = 0;                // of this transaction
  std::string delivery_trouble_;
  ClientHandle client_;
  std::map<std::string, TopicHandle, std::less<>> topics_;  // released before the client
};

}  // namespace headroom
