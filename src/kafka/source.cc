#include "kafka/source.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.h"
#include "kafka/assign.h"
#include "kafka/error.h"
#include "kafka/partitions.h"

namespace headroom {
namespace {

constexpr int64_t kLeaveSentMs = 200;
// Of one poll, and no more than an eighth of the queue: records of many kilobytes would otherwise empty it into one batch.
constexpr size_t kBatchBytes = 4 << 20;
constexpr size_t kMaxQueuedRecords = 1'000'000;

}  // namespace

Result<std::unique_ptr<KafkaSource>> KafkaSource::make(const KafkaWorkerOptions& options) {
  ClientPlan plan = client_plan(options.kafka, RD_KAFKA_CONSUMER);
  plan.required.insert({
      {"group.id", options.group()},
      {"group.instance.id", options.member(options.slot)},
      {"isolation.level", "read_committed"},
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", std::to_string(options.kafka.session_timeout_ms)},
  });
  plan.defaults.insert({
      {"heartbeat.interval.ms", "300"},
      {"queued.min.messages", std::to_string(kMaxQueuedRecords)},
      {"queued.max.messages.kbytes", std::to_string(std::max<int64_t>(options.kafka.fetch_queue_bytes / 1024, 1024))},
  });
  auto conf = make_conf(options.kafka, plan);
  if (!conf) return conf.status();
  std::unique_ptr<KafkaSource> source(new KafkaSource(options));
  rd_kafka_conf_set_rebalance_cb(conf->get(), on_rebalance);
  rd_kafka_conf_set_opaque(conf->get(), source.get());
  auto client = make_client(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!client) return client.status();
  source->client_ = std::move(*client);
  source->queue_.reset(rd_kafka_queue_get_consumer(source->client_.get()));
  return source;
}

KafkaSource::~KafkaSource() {
  release_messages();
}

Status KafkaSource::subscribe(RebalanceListener& listener) {
  listener_ = &listener;
  const Partition any = RD_KAFKA_PARTITION_UA;
  const PartitionList topics = list_of(options_.source_topic, std::span(&any, 1));
  return kafka_status(rd_kafka_subscribe(client_.get(), topics.get()), "subscribing to " + options_.source_topic);
}

// ---- reading

Result<std::span<const Batch>> KafkaSource::poll(int timeout_ms, size_t max_records) {
  release_messages();
  if (!unreadable_.empty()) return Status(Code::kNotFound, std::exchange(unreadable_, {}));
  const uint64_t assign_count = assign_count_;
  // The library waits until the array is full or the time is over; so it waits for one record, and what else is there comes without
  // waiting.
  if (fetch(timeout_ms, 1) > 0 && assign_count == assign_count_ && max_records > 1) fetch(0, records_for_a_batch(max_records) - 1);
  char text[512];
  if (const auto fatal = rd_kafka_fatal_error(client_.get(), text, sizeof text); fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
    return Status(is_fenced(fatal) ? Code::kFenced : kafka_code(fatal), std::string("consuming ") + options_.source_topic + ": " + text);
  if (assign_count != assign_count_) {
    // An assignment changed while these were gathered: which of them came before it cannot be told. They are read again.
    release_messages();
    if (assigned_)
      if (Status status = apply_assignment(); !status) return status;
  }
  for (size_t i = 0; i < message_count_; ++i)
    if (Status status = take(*messages_[i]); !status) return status;
  make_batches();
  keep_fetching();
  return std::span<const Batch>(batches_);
}

size_t KafkaSource::fetch(int timeout_ms, size_t max_records) {
  if (messages_.size() < message_count_ + max_records) messages_.resize(message_count_ + max_records);
  const ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), timeout_ms, messages_.data() + message_count_, max_records);
  if (got <= 0) return 0;
  message_count_ += static_cast<size_t>(got);
  return static_cast<size_t>(got);
}

size_t KafkaSource::records_for_a_batch(size_t max_records) const {
  const size_t bytes = std::min(kBatchBytes, static_cast<size_t>(options_.kafka.fetch_queue_bytes) / 8);
  return std::clamp<size_t>(bytes / std::max<size_t>(record_bytes_, 1), 2, std::max<size_t>(max_records, 2));
}

// librdkafka 2.0.2 stops fetching when its queue is full and then looks at it only once a second, or when the thread of the partition's
// broker has something else to do. So it is given something to do as soon as half of the queue is free.
void KafkaSource::keep_fetching() {
  if (message_count_ > 0) record_bytes_ = batch_bytes_ / message_count_;
  const size_t queued = rd_kafka_queue_length(queue_.get());
  const auto limit = static_cast<size_t>(options_.kafka.fetch_queue_bytes);
  const auto filled = [&](size_t of) { return queued * record_bytes_ >= limit / 4 * of || queued >= kMaxQueuedRecords / 4 * of; };
  if (filled(3)) queue_was_full_ = true;
  if (!queue_was_full_ || filled(2)) return;
  queue_was_full_ = false;
  wake_fetchers();
}

// Asks the brokers of what is read for the logs' ends, and does not wait for the answers.
void KafkaSource::wake_fetchers() {
  std::vector<PartitionOffset> ends;
  for (const auto& [partition, offset] : assignment_) ends.push_back({partition, RD_KAFKA_OFFSET_END});
  if (ends.empty()) return;
  const PartitionList list = list_of(options_.source_topic, std::span<const PartitionOffset>(ends));
  rd_kafka_offsets_for_times(client_.get(), list.get(), 0);
}

void KafkaSource::release_messages() {
  for (size_t i = 0; i < message_count_; ++i) rd_kafka_message_destroy(messages_[i]);
  message_count_ = 0;
  batch_bytes_ = 0;
  for (const Partition partition : touched_) reading(partition).records.clear();
  touched_.clear();
  batches_.clear();
}

Status KafkaSource::take(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return take_error(message);
  batch_bytes_ += message.len + message.key_len;
  Reading& reading = this->reading(message.partition);
  if (!reading.active || message.offset < reading.next) {
    ++dropped_;
    return Status::ok();
  }
  if (reading.records.empty()) touched_.push_back(message.partition);
  reading.records.push_back({.offset = message.offset,
                             .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
                             .key = {static_cast<const char*>(message.key), message.key_len},
                             .value = {static_cast<const char*>(message.payload), message.len}});
  reading.next = message.offset + 1;
  reading.heard = true;
  return Status::ok();
}

Status KafkaSource::take_error(const rd_kafka_message_t& message) {
  const bool of_partition = message.rkt != nullptr && message.partition >= 0;
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    Reading& reading = this->reading(message.partition);
    // Past markers and holes at the log's end, where no record says so.
    if (reading.active && message.offset >= reading.next) reading.next = message.offset, reading.heard = true;
    return Status::ok();
  }
  const Status status = kafka_status(message.err, "consuming " + options_.source_topic);
  if (of_partition && (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)) {
    Reading& reading = this->reading(message.partition);
    if (!reading.active) return Status::ok();
    reading.active = false;
    unreadable_ = options_.source_topic + "/" + std::to_string(message.partition) + " does not hold offset " + std::to_string(reading.next);
    return Status::ok();
  }
  if (is_fenced(message.err)) return Status(Code::kFenced, status.message());
  if (status.code() == Code::kDenied) return status;
  log_debug("consuming", {{"error", status.message()}});
  return Status::ok();
}

void KafkaSource::make_batches() {
  for (const Partition partition : touched_) {
    const Reading& one = reading(partition);
    batches_.push_back({partition, one.records, one.next});
  }
}

KafkaSource::Reading& KafkaSource::reading(Partition partition) {
  const auto index = static_cast<size_t>(partition);
  if (readings_.size() <= index) readings_.resize(index + 1);
  return readings_[index];
}

std::optional<Offset> KafkaSource::position(Partition partition) {
  const Reading& one = reading(partition);
  if (!one.active || !one.heard) return std::nullopt;
  return one.next;
}

std::optional<Offset> KafkaSource::log_end(Partition partition) {
  int64_t start = 0;
  int64_t end = 0;
  const auto error = rd_kafka_get_watermark_offsets(client_.get(), options_.source_topic.c_str(), partition, &start, &end);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || end < 0) return std::nullopt;
  return end;
}

// ---- assignment

Status KafkaSource::assign(std::span<const PartitionOffset> partitions) {
  for (Reading& one : readings_) one.active = one.heard = false;
  for (const auto& [partition, offset] : partitions) {
    Reading& one = reading(partition);
    one.active = true;
    one.next = offset;
  }
  assignment_.assign(partitions.begin(), partitions.end());
  unreadable_.clear();
  ++assign_count_;
  // While the library takes partitions back it waits for just one answer, which is given when the listener has done.
  return revoking_ ? Status::ok() : apply_assignment();
}

Status KafkaSource::apply_assignment() {
  const PartitionList list = list_of(options_.source_topic, std::span<const PartitionOffset>(assignment_));
  return assign_and_settle(client_.get(), list.get());
}

void KafkaSource::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  static_cast<KafkaSource*>(opaque)->rebalance(error, *partitions);
}

void KafkaSource::rebalance(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& partitions) {
  const uint64_t assign_count = assign_count_;
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    count_partitions();
    assigned_ = true;
    group_ = std::make_shared<KafkaGroupMetadata>(rd_kafka_consumer_group_metadata(client_.get()));
    listener_->on_assigned(partitions_of(partitions), group_);
    if (assign_count == assign_count_)
      if (Status status = assign({}); !status) log_error("answering an assignment", {{"error", status.message()}});
    return;
  }
  if (error == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    revoking_ = true;
    if (assigned_) listener_->on_revoked(partitions_of(partitions), assignment_lost());
    revoking_ = false;
  } else {
    log_warn("rebalance", {{"error", rd_kafka_err2str(error)}});
  }
  assigned_ = false;
  group_.reset();
  for (Reading& one : readings_) one.active = one.heard = false;
  assignment_.clear();
  unreadable_.clear();
  ++assign_count_;
  if (Status status = assign_and_settle(client_.get(), nullptr); !status)
    log_error("answering a revocation", {{"error", status.message()}});
}

void KafkaSource::count_partitions() {
  const TopicHandle topic(rd_kafka_topic_new(client_.get(), options_.source_topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  if (topic == nullptr || rd_kafka_metadata(client_.get(), 0, topic.get(), &metadata, 1000) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  if (metadata->topic_cnt == 1 && metadata->topics[0].partition_cnt > 0) partition_count_ = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
}

bool KafkaSource::assignment_lost() {
  return rd_kafka_assignment_lost(client_.get()) != 0;
}

void KafkaSource::leave(int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  if (rd_kafka_unsubscribe(client_.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const auto joined = [&] {
    char* id = rd_kafka_memberid(client_.get());
    const bool is_member = id != nullptr && *id != '\0';
    if (id != nullptr) rd_kafka_mem_free(client_.get(), id);
    return is_member;
  };
  // The member id is given up when LeaveGroup is queued, which is after the revocation was served.
  while (steady_ms() < deadline && (assigned_ || joined())) {
    release_messages();
    fetch(5, 1);
  }
  // The group no longer lists us once the coordinator has taken it. Brokers that have no transactions may not tell (the embedded one does
  // not, and librdkafka 2.0.2 can abort over the question): there, serving the client for a moment lets the request leave.
  if (options_.delivery == Delivery::kAtLeastOnce) {
    const int64_t sent_by = std::min(deadline, steady_ms() + kLeaveSentMs);
    while (steady_ms() < sent_by) fetch(5, 1);
    return release_messages();
  }
  while (steady_ms() < deadline) {
    const auto listed = group_lists_slot(options_.slot, static_cast<int>(std::min<int64_t>(deadline - steady_ms(), 500)));
    if (!listed || !*listed) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  release_messages();
}

}  // namespace headroom
