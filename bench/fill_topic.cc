// Makes a topic and fills it with samples: records of exactly 154 bytes, or arrays of such samples. See bench/sample_load.h.
//
//   fill_topic --brokers 127.0.0.1:9092 --topic headroom.samples --samples 20000000
//   fill_topic --brokers 127.0.0.1:9092 --topic headroom.samples --rate 50000 --seconds 600
//
// Ends with one line: records, samples, bytes of values, seconds.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "bench/sample_load.h"
#include "kafka/sample_producer.h"
#include "kafka/topics.h"

namespace headroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct FillOptions {
  std::string brokers;
  std::string topic = "headroom.samples";
  uint64_t samples = 0;  // 0: for `seconds`
  double rate = 0;       // samples a second; 0: as fast as it goes
  double seconds = 0;
  bool create_only = false;
  LoadShape shape;
};

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// So that the last scrape lies about now: nothing is ahead of its Kafka timestamp.
int64_t start_for(const FillOptions& options) {
  const double samples = options.samples > 0 ? static_cast<double>(options.samples) : options.rate * options.seconds;
  const auto scrapes = static_cast<int64_t>(samples / (options.shape.containers * kMetrics)) + 2;
  return (wall_ms() - scrapes * kScrapeMs) / kScrapeMs * kScrapeMs;
}

Status fill(const FillOptions& options) {
  KafkaConfig kafka;
  kafka.brokers = options.brokers;
  kafka.partitions = options.shape.partitions;
  kafka.producer_properties = {{"linger.ms", options.rate > 0 ? "1" : "20"}, {"queue.buffering.max.messages", "1000000"}};
  if (Status status = create_topics(kafka, {{options.topic}}, 30'000); !status) return status;
  if (options.create_only) return Status::ok();
  auto producer = SampleProducer::open(kafka, options.topic);
  if (!producer) return producer.status();
  SampleLoad load(options.shape);
  const auto began = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  uint64_t records = 0;
  uint64_t bytes = 0;
  const double a_record = options.shape.samples_a_record;
  const auto more = [&] {
    return options.samples > 0 ? static_cast<double>(records) * a_record < static_cast<double>(options.samples)
                               : elapsed() < options.seconds;
  };
  while (more()) {
    if (options.rate > 0 && static_cast<double>(records) * a_record >= elapsed() * options.rate) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    for (int i = 0; i < 64 && (options.samples == 0 || more()); ++i, ++records) {
      const LoadRecord record = load.next();
      bytes += record.value.size();
      if (Status status = (*producer)->produce(record.key, record.value, -1, record.partition); !status) return status;
    }
  }
  if (Status status = (*producer)->flush(120'000); !status) return status;
  std::printf("{\"records\":%zu,\"samples\":%zu,\"bytes\":%zu,\"seconds\":%.3f}\n", static_cast<size_t>(records),
              static_cast<size_t>(records) * static_cast<size_t>(options.shape.samples_a_record), static_cast<size_t>(bytes), elapsed());
  return Status::ok();
}

int run(int argc, char** argv) {
  FillOptions options;
  CLI::App app("Makes a Kafka topic and fills it with samples for the end-to-end benches.");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--topic", options.topic)->capture_default_str();
  app.add_option("--samples", options.samples, "How many; 0: for --seconds")->capture_default_str();
  app.add_option("--rate", options.rate, "Samples a second; 0: as fast as it goes")->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_flag("--create-only", options.create_only, "Make the topic and write nothing");
  app.add_option("--containers", options.shape.containers)->check(CLI::Range(1, 9'000'000))->capture_default_str();
  app.add_option("--partitions", options.shape.partitions)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--samples-a-record", options.shape.samples_a_record)->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--lying", options.shape.lying, "Share of containers that reserve far too much")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (options.samples == 0 && options.seconds <= 0 && !options.create_only)
    return std::fprintf(stderr, "fill_topic: --samples or --seconds is needed\n"), 2;
  if (options.shape.containers % options.shape.partitions != 0)
    return std::fprintf(stderr, "fill_topic: --containers must be a multiple of --partitions\n"), 2;
  options.shape.start_ms = start_for(options);
  const Status status = fill(options);
  if (!status) std::fprintf(stderr, "fill_topic: %s\n", status.message().c_str());
  return status ? 0 : 3;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  return headroom::bench::run(argc, argv);
}
