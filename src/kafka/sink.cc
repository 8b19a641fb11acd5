#include "kafka/sink.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/log.h"
#include "kafka/error.h"
#include "kafka/partitions.h"
#include "kafka/produce.h"

namespace headroom {
namespace {

constexpr int kSendOffsetsMs = 5000;
constexpr int kPlainCommitMs = 30'000;
constexpr int kOffsetCommitMs = 5000;

constexpr int kTopicKnownMs = 3000;

void pause_briefly() {
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void add_header(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
  rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

rd_kafka_headers_t* headers_of(const OutRecord& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(4 + record.headers.size());
  char text[24];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(record.sequence));
  add_header(headers, "lane", record.lane);
  add_header(headers, "sequence", text);
  add_header(headers, "input_offset", std::to_string(record.input_offset));
  add_header(headers, "incarnation", std::to_string(record.incarnation));
  for (const auto& [name, value] : record.headers) add_header(headers, name.c_str(), value);
  return headers;
}

// init_transactions waits out the slot's past: the coordinator answers CONCURRENT_TRANSACTIONS until an open transaction is aborted.
Status init_transactions(rd_kafka_t* client, int64_t deadline) {
  for (;;) {
    const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
    const ErrorHandle error(rd_kafka_init_transactions(client, left));
    if (error == nullptr) return Status::ok();
    const Status status = kafka_status(error.get(), "opening the producer");
    if (rd_kafka_error_is_fatal(error.get()) || !rd_kafka_error_is_retriable(error.get()) || steady_ms() >= deadline) return status;
    pause_briefly();
  }
}

Status topic_status(rd_kafka_t* client, rd_kafka_topic_t* topic, const std::string& doing, int64_t deadline) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
  const auto error = rd_kafka_metadata(client, 0, topic, &metadata, left);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(error, doing);
  Status status = kafka_status(metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, doing);
  rd_kafka_metadata_destroy(metadata);
  return status;
}

}  // namespace

// ---- opening

Result<ConfHandle> KafkaSink::make_conf(const KafkaWorkerOptions& options, const std::string& slot) {
  ClientPlan plan = client_plan(options.kafka, RD_KAFKA_PRODUCER);
  if (options.delivery == Delivery::kExactlyOnce) {
    plan.required.insert({
        {"transactional.id", options.member(slot)},
        {"transaction.timeout.ms", std::to_string(options.kafka.transaction_timeout_ms)},
        {"enable.idempotence", "true"},
    });
  } else {
    plan.defaults.insert({{"enable.idempotence", "true"}, {"message.timeout.ms", std::to_string(kPlainCommitMs)}});
    const auto off = [](const KafkaProperties& properties) {
      const auto set = properties.find("enable.idempotence");
      return set != properties.end() && set->second == "false";
    };
    // Without idempotence only one request at a time keeps a lane's records in order.
    if (off(options.kafka.properties) || off(options.kafka.producer_properties))
      plan.required.emplace("max.in.flight.requests.per.connection", "1");
  }
  return headroom::make_conf(options.kafka, plan);
}

Result<ClientHandle> KafkaSink::make_producer(const std::string& slot) {
  auto conf = make_conf(options_, slot);
  if (!conf) return conf.status();
  // Without a delivery callback a commit waits in steps of 10 ms.
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  rd_kafka_conf_set_opaque(conf->get(), this);
  return make_client(RD_KAFKA_PRODUCER, std::move(*conf));
}

Status KafkaSink::check(const KafkaWorkerOptions& options) {
  auto conf = make_conf(options, options.slot);
  if (!conf) return conf.status();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  return make_client(RD_KAFKA_PRODUCER, std::move(*conf)).status();
}

Status KafkaSink::open(int timeout_ms) {
  const int64_t deadline = steady_ms() + timeout_ms;
  topics_.clear();
  client_.reset();
  in_transaction_ = false;
  good_ = true;
  spent_ = false;
  offsets_.clear();
  failed_deliveries_ = 0;
  auto client = make_producer(options_.slot);
  if (!client) return client.status();
  client_ = std::move(*client);
  Status status = transactional() ? init_transactions(client_.get(), deadline) : Status::ok();
  if (status) status = fetch_metadata(deadline);
  if (!status) {
    topics_.clear();
    client_.reset();
  }
  return status;
}

// The first commit would otherwise wait up to a second for what the producer does not know yet. A topic that was just made takes a moment
// to be known to every broker.
Status KafkaSink::fetch_metadata(int64_t deadline) {
  const int64_t known_by = std::min(deadline, steady_ms() + kTopicKnownMs);
  for (const std::string& name : options_.output_topics) {
    TopicHandle topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    if (topic == nullptr) return kafka_status(rd_kafka_last_error(), "output topic " + name);
    Status status;
    for (;;) {
      status = topic_status(client_.get(), topic.get(), "output topic " + name, deadline);
      const bool passing = status.code() == Code::kUnavailable || status.code() == Code::kTimeout;
      if (steady_ms() >= (passing ? deadline : known_by) || !(passing || status.code() == Code::kNotFound)) break;
      pause_briefly();
    }
    if (!status) return status;
    topics_[name] = std::move(topic);
  }
  return Status::ok();
}

Status KafkaSink::end_transaction_of(std::string_view slot, int timeout_ms) {
  if (!transactional()) return Status::ok();
  auto client = make_producer(std::string(slot));
  if (!client) return client.status();
  return init_transactions(client->get(), steady_ms() + timeout_ms);
}

// ---- one commit

Status KafkaSink::fatal_status() const {
  if (client_ == nullptr) return Status(Code::kUnavailable, "the producer is not open");
  char text[512];
  const auto fatal = rd_kafka_fatal_error(client_.get(), text, sizeof text);
  if (fatal == RD_KAFKA_RESP_ERR_NO_ERROR) return good_ ? Status::ok() : Status(Code::kUnavailable, "the producer must be made anew");
  return Status(is_fenced(fatal) ? Code::kFenced : Code::kUnavailable, std::string("producing: ") + text);
}

Status KafkaSink::begin() {
  if (Status status = fatal_status(); !status) return status;
  rd_kafka_poll(client_.get(), 0);
  failed_deliveries_ = 0;
  delivery_trouble_.clear();
  offsets_.clear();
  if (!transactional()) return Status::ok();
  const ErrorHandle error(rd_kafka_begin_transaction(client_.get()));
  if (error != nullptr) {
    good_ = false;
    return kafka_status(error.get(), "beginning a transaction");
  }
  in_transaction_ = true;
  return Status::ok();
}

Status KafkaSink::produce(const OutRecord& record) {
  if (client_ == nullptr) return Status(Code::kUnavailable, "the producer is not open");
  auto topic = topics_.find(record.topic);
  if (topic == topics_.end()) {
    TopicHandle made(rd_kafka_topic_new(client_.get(), record.topic.c_str(), nullptr));
    if (made == nullptr) return kafka_status(rd_kafka_last_error(), "output topic " + record.topic);
    topic = topics_.emplace(record.topic, std::move(made)).first;
  }
  rd_kafka_headers_t* headers = headers_of(record);
  ProducedRecord produced;
  produced.topic = topic->second.get();
  produced.key = record.key;
  produced.value = record.value;
  produced.headers = headers;
  const auto error = produce_record(client_.get(), produced);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::ok();
  rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(client_.get(), 0);
  if (Status fatal = fatal_status(); !fatal) return fatal;
  return kafka_status(error, "producing to " + record.topic);
}

CommitResult KafkaSink::send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group) {
  if (!transactional()) {
    offsets_.assign(offsets.begin(), offsets.end());
    offsets_group_ = &group;
    return {};
  }
  if (offsets.empty()) return {};
  const auto& taken = dynamic_cast<const KafkaGroupMetadata&>(group);
  const PartitionList list = list_of(options_.source_topic, offsets);
  const int64_t deadline = steady_ms() + kSendOffsetsMs;
  for (;;) {
    const int left = static_cast<int>(std::max<int64_t>(deadline - steady_ms(), 1));
    const ErrorHandle error(rd_kafka_send_offsets_to_transaction(client_.get(), list.get(), taken.handle.get(), left));
    if (error == nullptr) return {};
    const auto code = rd_kafka_error_code(error.get());
    const std::string detail = kafka_status(error.get(), "sending offsets to the transaction").message();
    if (is_lost_membership(code)) return {CommitOutcome::kLost, detail};
    if (rd_kafka_error_is_fatal(error.get())) return {is_fenced(code) ? CommitOutcome::kFenced : CommitOutcome::kUnknown, detail};
    const bool retriable = rd_kafka_error_is_retriable(error.get()) != 0;
    if (!retriable || steady_ms() >= deadline) {
      // A request without an answer may reach the coordinator late, within this producer's next transaction.
      spent_ = retriable;
      return {CommitOutcome::kAborted, detail};
    }
    pause_briefly();
  }
}

CommitResult KafkaSink::commit() {
  return transactional() ? commit_transaction() : commit_plain();
}

CommitResult KafkaSink::commit_transaction() {
  const ErrorHandle error(rd_kafka_commit_transaction(client_.get(), -1));
  if (error == nullptr) {
    in_transaction_ = false;
    return {};
  }
  const std::string detail = kafka_status(error.get(), "committing the transaction").message();
  if (rd_kafka_error_is_fatal(error.get())) {
    in_transaction_ = good_ = false;
    return {is_fenced(rd_kafka_error_code(error.get())) ? CommitOutcome::kFenced : CommitOutcome::kUnknown, detail};
  }
  // A record that was not delivered stops a commit before it is asked for. Any other error may come after that, and then only the committed
  // offsets tell.
  if (failed_deliveries_ > 0 && rd_kafka_error_txn_requires_abort(error.get()))
    return {CommitOutcome::kAborted, detail + "; " + delivery_trouble_};
  in_transaction_ = good_ = false;
  return {CommitOutcome::kUnknown, detail};
}

CommitResult KafkaSink::commit_plain() {
  if (Status status = fatal_status(); !status) return {CommitOutcome::kUnknown, status.message()};
  const auto flushed = rd_kafka_flush(client_.get(), kPlainCommitMs);
  if (flushed != RD_KAFKA_RESP_ERR_NO_ERROR)
    return {CommitOutcome::kUnknown, kafka_status(flushed, "waiting for acknowledgements").message()};
  if (failed_deliveries_ > 0) return {CommitOutcome::kUnknown, delivery_trouble_};
  if (offsets_.empty()) return {};
  return source_.commit_offsets(offsets_, *offsets_group_, kOffsetCommitMs);
}

CommitResult KafkaSink::abort() {
  if (Status status = fatal_status(); !status) {
    in_transaction_ = false;
    return {status.code() == Code::kFenced ? CommitOutcome::kFenced : CommitOutcome::kUnknown, status.message()};
  }
  if (!in_transaction_) return {CommitOutcome::kAborted, {}};
  in_transaction_ = false;
  // After a record that was refused the library's sequence numbers have a hole, and the next transaction fails.
  const bool last = spent_ || failed_deliveries_ > 0;
  const std::string trouble = delivery_trouble_;
  const ErrorHandle error(rd_kafka_abort_transaction(client_.get(), -1));
  if (error == nullptr && !last) return {CommitOutcome::kAborted, {}};
  good_ = false;
  if (error == nullptr)
    return {CommitOutcome::kUnknown, "aborted; the producer must be made anew" + (trouble.empty() ? "" : " after " + trouble)};
  const std::string detail = kafka_status(error.get(), "aborting the transaction").message();
  const bool fenced = rd_kafka_error_is_fatal(error.get()) && is_fenced(rd_kafka_error_code(error.get()));
  return {fenced ? CommitOutcome::kFenced : CommitOutcome::kUnknown, detail};
}

void KafkaSink::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || opaque == nullptr) return;
  auto* sink = static_cast<KafkaSink*>(opaque);
  ++sink->failed_deliveries_;
  sink->delivery_trouble_ = kafka_status(message->err, std::string("delivering to ") + rd_kafka_topic_name(message->rkt)).message();
}

// ---- factories

Result<std::unique_ptr<Source>> make_kafka_source(const KafkaWorkerOptions& options) {
  auto source = KafkaSource::make(options);
  if (!source) return source.status();
  return std::unique_ptr<Source>(std::move(*source));
}

Result<std::unique_ptr<Sink>> make_kafka_sink(const KafkaWorkerOptions& options, Source& source) {
  auto* kafka = dynamic_cast<KafkaSource*>(&source);
  if (kafka == nullptr) return Status(Code::kInvalid, "the sink needs the Kafka source of its worker");
  return std::unique_ptr<Sink>(std::make_unique<KafkaSink>(options, *kafka));
}

namespace {

// A client that knows no broker cannot open a connection.
KafkaConfig without_brokers(KafkaConfig config) {
  config.brokers.clear();
  config.properties.emplace("log_level", "0");
  return config;
}

}  // namespace

std::vector<Status> check_kafka_properties(const KafkaConfig& config) {
  std::vector<Status> wrong;
  KafkaWorkerOptions options;
  options.kafka = without_brokers(config);
  options.installation = options.topology = options.slot = options.source_topic = std::string("check");
  if (const auto source = KafkaSource::make(options); !source) wrong.push_back(source.status());
  for (const Delivery delivery : {Delivery::kExactlyOnce, Delivery::kAtLeastOnce}) {
    options.delivery = delivery;
    const Status status = KafkaSink::check(options);
    if (!status && (wrong.empty() || wrong.back().message() != status.message())) wrong.push_back(status);
  }
  return wrong;
}

}  // namespace headroom
