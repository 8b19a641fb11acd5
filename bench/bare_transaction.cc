// What a Kafka transaction costs by itself: ten records of a command's size and the offsets of the input's partitions, nothing computed and
// nothing checkpointed. The floor under the worker's commits.
//
//   bare_transaction --brokers 127.0.0.1:9092 --seconds 10
//
// Makes its topics when they are missing. Ends with one line of JSON: transactions, p50_ms, p99_ms, max_ms.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "kafka/kafka.h"
#include "kafka/topics.h"

namespace headroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct TransactionOptions {
  std::string brokers;
  std::string installation = "bare-transaction";
  double seconds = 10;
  int records = 10;
  int pause_ms = 5;  // between transactions
  int partitions = 2;
};

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

class Member final : public RebalanceListener {
 public:
  explicit Member(Source& source) : source_(source) {}
  void on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> group) override {
    owned.assign(partitions.begin(), partitions.end());
    metadata = std::move(group);
    status = source_.assign({});
  }
  void on_revoked(std::span<const Partition>, bool) override { owned.clear(); }

  std::vector<Partition> owned;
  std::shared_ptr<GroupMetadata> metadata;
  Status status;

 private:
  Source& source_;
};

Status transact(Sink& sink, const Member& member, const std::string& topic, const TransactionOptions& options, int64_t offset) {
  if (Status status = sink.begin(); !status) return status;
  for (int i = 0; i < options.records; ++i) {
    OutRecord record;
    record.topic = topic;
    record.key = std::to_string(i);
    record.value.assign(900, 'x');
    record.lane = "bare/0";
    record.sequence = static_cast<uint64_t>(offset);
    if (Status status = sink.produce(record); !status) return status;
  }
  std::vector<OffsetCommit> offsets;
  for (const Partition partition : member.owned) offsets.push_back({partition, offset, std::string(300, 'm')});
  const CommitResult sent = sink.send_offsets(offsets, *member.metadata);
  if (sent.outcome != CommitOutcome::kCommitted) return Status(Code::kAborted, sent.detail);
  const CommitResult done = sink.commit();
  return done.outcome == CommitOutcome::kCommitted ? Status::ok() : Status(Code::kAborted, done.detail);
}

Status measure(const TransactionOptions& options) {
  KafkaWorkerOptions worker;
  worker.kafka.brokers = options.brokers;
  worker.kafka.partitions = options.partitions;
  worker.installation = options.installation;
  worker.topology = "bare";
  worker.slot = "bench";
  worker.source_topic = options.installation + ".in";
  worker.output_topics = {options.installation + ".out"};
  const std::vector<std::string> topics = {worker.source_topic, worker.output_topics[0]};
  if (Status status = create_topics(worker.kafka, topics, 30'000); !status) return status;
  auto source = make_kafka_source(worker);
  if (!source) return source.status();
  auto sink = make_kafka_sink(worker, **source);
  if (!sink) return sink.status();
  if (Status status = (*sink)->open(30'000); !status) return status;
  Member member(**source);
  if (Status status = (*source)->subscribe(member); !status) return status;
  const auto began = Clock::now();
  while (member.owned.empty()) {
    if (const auto polled = (*source)->poll(50, 100); !polled) return polled.status();
    if (ms_since(began) > 30'000) return Status(Code::kTimeout, "no partitions were assigned");
  }
  std::vector<double> times_ms;
  for (int64_t offset = 1; ms_since(began) < options.seconds * 1000; ++offset) {
    const auto at = Clock::now();
    if (Status status = transact(**sink, member, topics[1], options, offset); !status) return status;
    times_ms.push_back(ms_since(at));
    if (const auto polled = (*source)->poll(options.pause_ms, 100); !polled) return polled.status();
  }
  (*source)->leave(5000);
  std::sort(times_ms.begin(), times_ms.end());
  const auto quantile = [&](double q) { return times_ms[static_cast<size_t>(q * static_cast<double>(times_ms.size() - 1))]; };
  std::printf("{\"transactions\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", times_ms.size(), quantile(0.5), quantile(0.99),
              times_ms.back());
  return Status::ok();
}

int run(int argc, char** argv) {
  TransactionOptions options;
  CLI::App app("Measures Kafka transactions by themselves.");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--installation", options.installation, "Begins the names of group and topics")->capture_default_str();
  app.add_option("--seconds", options.seconds)->check(CLI::Range(1.0, 3600.0))->capture_default_str();
  app.add_option("--records", options.records, "A transaction")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--pause-ms", options.pause_ms, "Between transactions")->check(CLI::Range(0, 1000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Status status = measure(options);
  if (!status) std::fprintf(stderr, "bare_transaction: %s\n", status.message().c_str());
  return status ? 0 : 3;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  return headroom::bench::run(argc, argv);
}
