// What librdkafka alone takes to consume a topic and drop it: the floor under every worker's CPU time. Same client, same settings as a
// worker's source, nothing done with the records.
//
//   consume_floor BROKERS TOPIC [RECORDS]
//
// Prints one JSON line: records, bytes, wall and CPU seconds of the whole process, records per CPU-second, nanoseconds a record.
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "kafka/kafka.h"
#include "kafka/partitions.h"
#include "kafka/topic_reader.h"

namespace headroom {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Counts from the first record to the last.
class Meter {
 public:
  void take(uint64_t records, uint64_t bytes) {
    if (records_ == 0) began_ms_ = steady_ms(), began_cpu_s_ = cpu_seconds();
    records_ += records;
    bytes_ += bytes;
    ended_ms_ = steady_ms();
    ended_cpu_s_ = cpu_seconds();
  }
  uint64_t records() const { return records_; }
  void print(const char* how) const {
    const double cpu_s = ended_cpu_s_ - began_cpu_s_;
    const auto records = static_cast<double>(records_);
    std::printf(R"({"how":"%s","records":%llu,"bytes":%llu,"wall_s":%.3f,"cpu_s":%.3f,"records_per_cpu_s":%.0f,"ns_a_record":%.0f})"
                "\n",
                how, static_cast<unsigned long long>(records_), static_cast<unsigned long long>(bytes_),
                static_cast<double>(ended_ms_ - began_ms_) / 1000, cpu_s, cpu_s > 0 ? records / cpu_s : 0,
                records > 0 ? cpu_s * 1e9 / records : 0);
  }

 private:
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  int64_t began_ms_ = 0;
  int64_t ended_ms_ = 0;
  double began_cpu_s_ = 0;
  double ended_cpu_s_ = 0;
};

constexpr size_t kBatch = 10'000;

Status read_with_library(const KafkaConfig& config, const std::string& topic, std::span<const PartitionOffset> starts, size_t wanted,
                         Meter& meter) {
  ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
  plan.required.insert({{"group.id", "consume-floor"},
                        {"isolation.level", "read_committed"},
                        {"queued.min.messages", "1000000"},
                        {"queued.max.messages.kbytes", std::to_string(config.fetch_queue_bytes / 1024)}});
  auto client = make_client(config, plan);
  if (!client) return client.status();
  const PartitionList list = list_of(topic, starts);
  rd_kafka_assign(client->get(), list.get());
  const QueueHandle queue(rd_kafka_queue_get_consumer(client->get()));
  std::vector<rd_kafka_message_t*> messages(kBatch);
  size_t ended = 0;
  while (meter.records() < wanted && ended < starts.size()) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue.get(), 100, messages.data(), messages.size());
    uint64_t records = 0;
    uint64_t bytes = 0;
    for (ssize_t i = 0; i < got; ++i) {
      ended += messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++records, bytes += messages[i]->len;
      rd_kafka_message_destroy(messages[i]);
    }
    if (records > 0) meter.take(records, bytes);
  }
  return Status::ok();
}

struct ReadAll : RebalanceListener {
  Source* source = nullptr;
  std::span<const PartitionOffset> starts;
  void on_assigned(std::span<const Partition>, std::shared_ptr<GroupMetadata>) override {
    if (Status status = source->assign(starts); !status) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  }
  void on_revoked(std::span<const Partition>, bool) override {}
};

Status read_with_source(const KafkaConfig& config, const std::string& topic, std::span<const PartitionOffset> starts,
                        std::span<const PartitionBounds> bounds, Meter& meter) {
  KafkaWorkerOptions options;
  options.kafka = config;
  options.installation = "consume-floor-" + std::to_string(steady_ms());
  options.topology = "none";
  options.slot = "a";
  options.source_topic = topic;
  auto source = make_kafka_source(options);
  if (!source) return source.status();
  ReadAll listener;
  listener.source = source->get();
  listener.starts = starts;
  if (Status status = (*source)->subscribe(listener); !status) return status;
  const auto at_end = [&](const PartitionBounds& one) { return (*source)->position(one.partition).value_or(one.start) >= one.end; };
  for (bool done = false; !done;) {
    const auto batches = (*source)->poll(100, kBatch);
    if (!batches) return batches.status();
    uint64_t records = 0;
    uint64_t bytes = 0;
    for (const Batch& batch : *batches) {
      records += batch.records.size();
      for (const Record& record : batch.records) bytes += record.value.size();
    }
    if (records > 0) meter.take(records, bytes);
    done = true;
    for (const auto& one : bounds) done = done && at_end(one);
  }
  (*source)->leave(5000);
  return Status::ok();
}

int run(const std::string& brokers, const std::string& topic, const std::string& how) {
  KafkaConfig config;
  config.brokers = brokers;
  const auto bounds = topic_bounds(config, topic, 10'000);
  if (!bounds) return std::fprintf(stderr, "%s\n", bounds.status().to_string().c_str()), 3;
  std::vector<PartitionOffset> starts;
  size_t wanted = 0;
  for (const auto& [partition, start, end] : *bounds) {
    starts.push_back({partition, start});
    wanted += static_cast<size_t>(end - start);
  }
  Meter meter;
  const Status status =
      how == "source" ? read_with_source(config, topic, starts, *bounds, meter) : read_with_library(config, topic, starts, wanted, meter);
  if (!status) return std::fprintf(stderr, "%s\n", status.to_string().c_str()), 3;
  meter.print(how.c_str());
  return 0;
}

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  const std::string how = argc > 3 ? argv[3] : "library";
  if (argc < 3 || (how != "library" && how != "source")) {
    std::fprintf(stderr, "usage: consume_floor BROKERS TOPIC [library|source]\n");
    return 2;
  }
  return headroom::run(argv[1], argv[2], how);
}
