// How long a sample waits for the command that it gives rise to: paced samples into one topic, committed commands out of another, which a
// running `headroom run` writes. From the moment a record is handed to the producer to the moment a read_committed consumer has its
// command.
//
//   command_latency --brokers 127.0.0.1:9092 --rate 100000 --seconds 30 --warm-up 10
//
// Ends with one line of JSON: samples, commands, p50_ms, p99_ms, max_ms.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/sample_load.h"
#include "kafka/sample_producer.h"
#include "kafka/topic_tail.h"

namespace headroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct LatencyOptions {
  std::string brokers;
  std::string topic = "headroom.samples";
  std::string action_topic = "headroom.actions";
  double rate = 100'000;
  double seconds = 30;
  double warm_up = 10;  // of these seconds, not counted
  LoadShape shape;
};

int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// When each record of the input topic was produced, by partition and offset: this program is its only producer, and idempotent.
using SentTimes = std::vector<std::vector<int64_t>>;

// Takes the commands on a thread of its own.
class Listener {
 public:
  Listener(std::unique_ptr<TopicTail> tail, const SentTimes& sent, int64_t count_from_us)
      : tail_(std::move(tail)), sent_(sent), count_from_us_(count_from_us), thread_([this] { listen(); }) {}
  std::vector<double> stop() {
    stop_ = true;
    thread_.join();
    return std::move(latencies_ms_);
  }

 private:
  void listen() {
    int quiet = 0;
    while (quiet < 100) {
      const auto got = tail_->poll(10, [this](const TopicRecord& record) { take(record); });
      if (!got) return void(std::fprintf(stderr, "command_latency: %s\n", got.status().message().c_str()));
      quiet = stop_ && *got == 0 ? quiet + 1 : 0;
    }
  }
  void take(const TopicRecord& record) {
    const int64_t now = now_us();
    const std::string_view lane = record.header("lane");
    const std::string_view at = record.header("input_offset");
    size_t partition = 0;
    size_t offset = 0;
    const std::string_view number = lane.substr(lane.rfind('/') + 1);
    std::from_chars(number.data(), number.data() + number.size(), partition);
    std::from_chars(at.data(), at.data() + at.size(), offset);
    const int64_t sent = sent_.at(partition).at(offset);
    if (sent >= count_from_us_) latencies_ms_.push_back(static_cast<double>(now - sent) / 1000);
  }

  std::unique_ptr<TopicTail> tail_;
  const SentTimes& sent_;
  const int64_t count_from_us_;
  std::vector<double> latencies_ms_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Status produce(const LatencyOptions& options, SampleProducer& producer, SentTimes& sent, std::vector<size_t>& counts, uint64_t& samples) {
  SampleLoad load(options.shape);
  const auto began = now_us();
  const auto elapsed = [&] { return static_cast<double>(now_us() - began) / 1e6; };
  while (elapsed() < options.seconds) {
    if (static_cast<double>(samples) >= elapsed() * options.rate) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      continue;
    }
    for (int i = 0; i < 32; ++i, ++samples) {
      const LoadRecord record = load.next();
      const auto partition = static_cast<size_t>(record.partition);
      if (counts[partition] == sent[partition].size()) return Status(Code::kExhausted, "more records than --rate and --seconds allow");
      sent[partition][counts[partition]++] = now_us();
      if (Status status = producer.produce(record.key, record.value, -1, record.partition); !status) return status;
    }
  }
  if (static_cast<double>(samples) < 0.99 * options.rate * options.seconds)
    return Status(Code::kExhausted, "the load did not keep its rate: " + std::to_string(samples) + " samples");
  return producer.flush(30'000);
}

Status measure(const LatencyOptions& options) {
  KafkaConfig kafka;
  kafka.brokers = options.brokers;
  // A short queue: a load that cannot keep its rate must be seen to fall short, not to wait in here.
  kafka.producer_properties = {{"linger.ms", "1"}, {"queue.buffering.max.messages", "10000"}};
  auto tail = TopicTail::open(kafka, options.action_topic, 30'000);
  if (!tail) return tail.status();
  const auto bounds = topic_bounds(kafka, options.topic, 30'000);
  if (!bounds) return bounds.status();
  for (const auto& one : *bounds)
    if (one.end != 0) return Status(Code::kInvalid, options.topic + " holds records already; offsets could not be told apart");
  auto producer = SampleProducer::open(kafka, options.topic);
  if (!producer) return producer.status();
  const auto room = static_cast<size_t>(options.rate * options.seconds) + 100'000;
  SentTimes sent(static_cast<size_t>(options.shape.partitions), std::vector<int64_t>(room));
  std::vector<size_t> counts(sent.size());
  Listener listener(std::move(*tail), sent, now_us() + static_cast<int64_t>(options.warm_up * 1e6));
  uint64_t samples = 0;
  const Status produced = produce(options, **producer, sent, counts, samples);
  std::vector<double> latencies = listener.stop();
  if (!produced) return produced;
  if (latencies.empty()) return Status(Code::kNotFound, "no command came");
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double q) { return latencies[static_cast<size_t>(q * static_cast<double>(latencies.size() - 1))]; };
  std::printf("{\"samples\":%zu,\"commands\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", static_cast<size_t>(samples),
              latencies.size(), at(0.5), at(0.99), latencies.back());
  return Status::ok();
}

int run(int argc, char** argv) {
  LatencyOptions options;
  options.shape.lying = 0.005;
  CLI::App app("Measures the time from a sample to its committed command while `headroom run` works.");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--topic", options.topic)->capture_default_str();
  app.add_option("--action-topic", options.action_topic)->capture_default_str();
  app.add_option("--rate", options.rate, "Samples a second")->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "Of these seconds, not counted")->capture_default_str();
  app.add_option("--containers", options.shape.containers)->capture_default_str();
  app.add_option("--partitions", options.shape.partitions)->capture_default_str();
  app.add_option("--lying", options.shape.lying, "Share of containers that give rise to commands")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto scrapes = static_cast<int64_t>(options.rate * options.seconds / (options.shape.containers * kMetrics)) + 2;
  options.shape.start_ms = (wall_ms() - scrapes * kScrapeMs) / kScrapeMs * kScrapeMs;
  const Status status = measure(options);
  if (!status) std::fprintf(stderr, "command_latency: %s\n", status.message().c_str());
  return status ? 0 : 3;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  return headroom::bench::run(argc, argv);
}
