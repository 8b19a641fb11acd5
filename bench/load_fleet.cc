// Writes the loads of many targets, as predictive_scaling reads them: of each one sample and its replicas a minute, at a second of its own,
// and a tick to every partition each 15 s.
//
//   load_fleet --brokers 127.0.0.1:9092 --topic headroom.samples --targets 100000 --start-ms 1767571200000 --minutes 20
//   load_fleet ... --paced       each second at its own time, which --start-ms should lie just before
//
// Ends with one line: samples, seconds.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <thread>

#include "headroom/lag_codec.h"
#include "kafka/sample_producer.h"
#include "kafka/topics.h"

namespace headroom::bench {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kTickMs = 15'000;

struct FleetOptions {
  std::string brokers;
  std::string topic = "headroom.samples";
  int64_t targets = 100'000;
  int64_t start_ms = 0;
  int64_t minutes = 1;
  int partitions = 2;
  bool paced = false;
};

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string sample_json(const std::string& target, const char* metric, int64_t time_ms, double value) {
  return R"({"target":")" + target + R"(","metric":")" + metric + R"(","time_ms":)" + std::to_string(time_ms) + R"(,"value":)" +
         std::to_string(value) + "}";
}

class Fleet {
 public:
  Fleet(const FleetOptions& options, SampleProducer& producer) : options_(options), producer_(producer) {}

  Status second(int64_t time_ms) {
    for (int64_t target = time_ms / kSecondMs % 60; target < options_.targets; target += 60)
      if (Status status = speak(target, time_ms); !status) return status;
    return time_ms % kTickMs == 0 ? tick(time_ms) : Status::ok();
  }
  uint64_t samples() const { return samples_; }

 private:
  Status speak(int64_t number, int64_t time_ms) {
    const std::string target = "prod/shop/Deployment/api-" + std::to_string(number);
    const int64_t of_day = time_ms / kSecondMs + number * 977 % 86'400;
    const int64_t of_minute = (time_ms / 60'000 * 7919 + number * 104'729) % 1000;
    const double turn = static_cast<double>(of_day) / 86'400 * 6.2831853;
    const double noise = std::sin(static_cast<double>(of_minute));
    samples_ += 2;
    if (Status status = producer_.produce(target, sample_json(target, "replicas", time_ms, 14)); !status) return status;
    return producer_.produce(target, sample_json(target, "requests_per_second", time_ms, 1000 + 400 * std::sin(turn) + 30 * noise));
  }
  Status tick(int64_t time_ms) {
    std::string json;
    append_lag_tick({.source = "fleet", .tick_ms = time_ms, .interval_ms = kTickMs, .seq = static_cast<uint64_t>(time_ms)}, json);
    for (int partition = 0; partition < options_.partitions; ++partition)
      if (Status status = producer_.produce({}, json, -1, partition); !status) return status;
    return Status::ok();
  }

  const FleetOptions& options_;
  SampleProducer& producer_;
  uint64_t samples_ = 0;
};

Status run(const FleetOptions& options) {
  KafkaConfig kafka;
  kafka.brokers = options.brokers;
  kafka.partitions = options.partitions;
  kafka.producer_properties = {{"linger.ms", "20"}, {"queue.buffering.max.messages", "1000000"}};
  if (Status status = create_topics(kafka, {{options.topic}}, 30'000); !status) return status;
  auto producer = SampleProducer::open(kafka, options.topic);
  if (!producer) return producer.status();
  Fleet fleet(options, **producer);
  const int64_t began_ms = wall_ms();
  for (int64_t second = 0; second < options.minutes * 60; ++second) {
    const int64_t time_ms = options.start_ms + second * kSecondMs;
    if (options.paced) std::this_thread::sleep_for(std::chrono::milliseconds(std::max<int64_t>(time_ms - wall_ms(), 0)));
    if (Status status = fleet.second(time_ms); !status) return status;
  }
  if (Status status = (*producer)->flush(60'000); !status) return status;
  std::printf(R"({"samples":%llu,"seconds":%.3f})"
              "\n",
              static_cast<unsigned long long>(fleet.samples()), static_cast<double>(wall_ms() - began_ms) / 1000);
  return Status::ok();
}

}  // namespace
}  // namespace headroom::bench

int main(int count, char** words) {
  headroom::bench::FleetOptions options;
  CLI::App app("Writes the loads of many targets.");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--topic", options.topic);
  app.add_option("--targets", options.targets)->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  app.add_option("--start-ms", options.start_ms)->required();
  app.add_option("--minutes", options.minutes)->check(CLI::Range(int64_t{1}, int64_t{10'000}));
  app.add_option("--partitions", options.partitions)->check(CLI::Range(1, 1000));
  app.add_flag("--paced", options.paced);
  CLI11_PARSE(app, count, words);
  const headroom::Status status = headroom::bench::run(options);
  if (status) return 0;
  std::fprintf(stderr, "load_fleet: %s\n", status.to_string().c_str());
  return 1;
}
