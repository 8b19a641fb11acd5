#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "kafka/client.h"
#include "kafka/kafka.h"
#include "kafka/probe.h"

namespace headroom {

// Member and generation as they were when the assignment came.
struct KafkaGroupMetadata final : GroupMetadata {
  explicit KafkaGroupMetadata(rd_kafka_consumer_group_metadata_t* taken) : handle(taken) {}
  GroupHandle handle;
};

// A Source over one librdkafka consumer, used by one thread. Records are handed out where librdkafka has them, without a copy.
//
// librdkafka 2.0.2 mixes records of before and after a rebalance within one batch and mishandles pause and seek; so neither is used, a
// batch during which an assignment changed is thrown away and read again, and each partition's next offset is tracked here.
class KafkaSource final : public Source {
 public:
  static Result<std::unique_ptr<KafkaSource>> make(const KafkaWorkerOptions& options);
  ~KafkaSource() override;

  Status subscribe(RebalanceListener& listener) override;
  Result<std::span<const Batch>> poll(int timeout_ms, size_t max_records) override;
  Status assign(std::span<const PartitionOffset> partitions) override;
  std::optional<Offset> position(Partition partition) override;
  std::optional<Offset> log_end(Partition partition) override;
  bool assignment_lost() override;
  Result<std::vector<Committed>> committed(std::span<const Partition> partitions, bool stable, int timeout_ms) override;
  Result<LogBounds> bounds(Partition partition, int timeout_ms) override;
  Result<std::optional<int64_t>> timestamp_at(Partition partition, Offset offset, int timeout_ms) override;
  Result<Offset> offset_at_time(Partition partition, int64_t timestamp_ms, int timeout_ms) override;
  Result<bool> group_lists_slot(std::string_view slot, int timeout_ms) override;
  Result<std::map<std::string, LaneOutputs>> scan_outputs(std::span<const std::string> lanes, int timeout_ms) override;
  int partition_count() override { return partition_count_; }
  void leave(int timeout_ms) override;

  // A plain offset commit, for at_least_once. kLost when `group` is not the assignment's of now.
  CommitResult commit_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group, int timeout_ms);

  // Records below what was asked for, thrown away; for tests and metrics.
  uint64_t dropped_records() const { return dropped_; }

 private:
  struct Reading {
    bool active = false;
    bool heard = false;  // a record or the log's end was seen since the last assign()
    Offset next = 0;     // nothing below it is handed out
    std::vector<Record> records;
  };

  static constexpr size_t kUsualRecordBytes = 1024;

  explicit KafkaSource(KafkaWorkerOptions options) : options_(std::move(options)) {}
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*);
  void rebalance(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& partitions);
  void count_partitions();
  Reading& reading(Partition partition);
  size_t fetch(int timeout_ms, size_t max_records);
  size_t records_for_a_batch(size_t max_records) const;
  void keep_fetching();
  void wake_fetchers();
  void release_messages();
  Status apply_assignment();
  Status take(const rd_kafka_message_t& message);
  Status take_error(const rd_kafka_message_t& message);
  void make_batches();
  Result<GroupProbe*> probe();
  Result<Offset> offset_for(Partition partition, int64_t time, int timeout_ms);

  KafkaWorkerOptions options_;
  RebalanceListener* listener_ = nullptr;
  std::shared_ptr<KafkaGroupMetadata> group_;
  std::vector<PartitionOffset> assignment_;
  bool assigned_ = false;  // between on_assigned and on_revoked
  bool revoking_ = false;
  uint64_t assign_count_ = 0;
  std::vector<Reading> readings_;  // by partition
  std::vector<Partition> touched_;
  std::string unreadable_;  // for a person: the partition whose log no longer holds what was asked for; reported by the next poll
  std::vector<rd_kafka_message_t*> messages_;
  size_t message_count_ = 0;
  std::vector<Batch> batches_;
  int partition_count_ = 0;
  uint64_t dropped_ = 0;
  size_t batch_bytes_ = 0;                   // of the messages of this poll
  size_t record_bytes_ = kUsualRecordBytes;  // of a record lately, about
  bool queue_was_full_ = false;              // and librdkafka may have stopped fetching
  std::unique_ptr<GroupProbe> probe_;
  ClientHandle client_;
  QueueHandle queue_;  // the client's consumer queue; released before it
};

}  // namespace headroom
