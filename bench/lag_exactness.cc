// How right the times of a lag source are, in six ways of producing and consuming against a real broker ($HEADROOM_KAFKA). Time is
// compressed: records carry the stamps of a clock that runs faster (CreateTime), and so does the source's. The truth are the records at
// each sample's own offsets, read back at the end. Usage: lag_exactness [reads a cycle]
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "cli/lag_observer.h"
#include "kafka/error.h"
#include "kafka/handle.h"
#include "kafka/partitions.h"
#include "kafka/produce.h"
#include "kafka/sample_producer.h"
#include "kafka/topic_reader.h"
#include "kafka/topics.h"

namespace headroom {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "lag_exactness: %s\n", what.c_str());
  std::exit(1);
}

void must(const Status& status) {
  if (!status) die(status.to_string());
}

struct Kept {
  Offset committed = 0;
  Offset end = 0;
  std::optional<int64_t> consumed_ms;
  std::optional<int64_t> end_ms;
  int64_t consumed_error_ms = 0;
  int64_t end_error_ms = 0;
};

// A topic of one partition, a group that commits to it, a source that watches, and a clock.
struct World {
  KafkaConfig kafka;
  std::string topic;
  LagSourceConfig settings;
  std::unique_ptr<LagObserver> observer;
  std::unique_ptr<LagBook> book;
  std::unique_ptr<SampleProducer> producer;
  ClientHandle committer;
  int64_t now_ms = 0;
  Offset produced = 0;
  double consumed = 0;
  uint64_t cycles = 0;
  uint64_t look_ups = 0;
  uint64_t reads = 0;
  std::vector<Kept> samples;

  World(const KafkaConfig& config, const std::string& name, int reads_per_cycle) : kafka(config) {
    topic = "exactness." + name + "." + std::to_string(wall_ms());
    settings.groups = {topic};
    settings.reads_per_cycle = reads_per_cycle;
    must(create_topics(kafka, std::span(&topic, 1), 20'000));
    auto made = LagObserver::make(kafka, settings);
    must(made.status());
    observer = std::move(*made);
    book = std::make_unique<LagBook>(settings, "c", "s");
    auto opened = SampleProducer::open(kafka, topic);
    must(opened.status());
    producer = std::move(*opened);
    ClientPlan plan = client_plan(kafka, RD_KAFKA_CONSUMER);
    plan.required.insert({{"group.id", topic}});
    auto client = make_client(kafka, plan);
    must(client.status());
    committer = std::move(*client);
  }

  void produce(int64_t stamp_ms) {
    must(producer->produce({}, "v", stamp_ms, 0));
    ++produced;
  }

  void commit(Offset offset) {
    const PartitionOffset place{0, offset};
    const PartitionList list = list_of(topic, std::span(&place, 1));
    must(kafka_status(rd_kafka_commit(committer.get(), list.get(), 0), "committing"));
  }

  void observe() {
    const auto done = observer->observe(*book, ++cycles, now_ms, steady_ms() + 4500);
    must(done.status());
    look_ups += done->times.look_ups;
    reads += done->times.reads;
    book->each_sample(cycles, now_ms, [&](const std::string&, const LagSample& sample) {
      if (!sample.committed_offset || !sample.last_stable_offset) return;
      samples.push_back({*sample.committed_offset, *sample.last_stable_offset, sample.consumed_time_ms, sample.end_time_ms,
                         sample.consumed_time_error_ms, sample.end_time_error_ms});
    });
  }

  // `step_ms` pass: records at `rate` a second, of which up to `capacity` a second are consumed and committed.
  void pass(int64_t step_ms, double rate, double capacity) {
    const int64_t until = now_ms + step_ms;
    const auto count = static_cast<int64_t>(rate * static_cast<double>(step_ms) * 1e-3);
    for (int64_t i = 0; i < count; ++i) produce(now_ms + i * step_ms / std::max<int64_t>(count, 1));
    now_ms = until;
    must(producer->flush(60'000));
    consumed = std::min(static_cast<double>(produced), consumed + capacity * static_cast<double>(step_ms) * 1e-3);
    commit(static_cast<Offset>(consumed));
    observe();
  }
};

void steady(World& world) {
  world.now_ms = wall_ms() - kHour;
  for (int i = 0; i < 120; ++i) world.pass(5 * kSecond, 200, 195);
}

// Nothing is produced for two hours; then their records come within minutes, with the stamps that they should have had.
void outage(World& world) {
  world.now_ms = wall_ms() - 4 * kHour;
  for (int i = 0; i < 20; ++i) world.pass(5 * kSecond, 20, 20);
  int64_t stamp_ms = world.now_ms;
  world.now_ms += 2 * kHour;
  while (stamp_ms + 120 * kSecond <= world.now_ms) {
    for (int i = 0; i < 2400; ++i) world.produce(stamp_ms += 50);
    world.pass(5 * kSecond, 0, 300);
  }
  for (int i = 0; i < 60; ++i) world.pass(5 * kSecond, 20, 600);
}

void bursts(World& world) {
  world.now_ms = wall_ms() - 4 * kHour;
  for (int i = 0; i < 3 * 120; ++i) world.pass(30 * kSecond, i % 120 < 2 ? 1000 : 0, 25);
}

void diurnal(World& world) {
  world.now_ms = wall_ms() - 25 * kHour;
  for (int i = 0; i < 720; ++i) {
    const double share = i < 360 ? i / 360.0 : (720 - i) / 360.0;
    world.pass(120 * kSecond, 0.5 + 5 * share, 3.5);
  }
}

void sparse(World& world) {
  world.now_ms = wall_ms() - 7 * kHour;
  for (int i = 0; i < 360; ++i) {
    if (i % 5 == 0) world.produce(world.now_ms);
    world.pass(60 * kSecond, 0, i < 60 ? 1 : 0);
  }
}

// At the clock's own pace: markers bear the broker's time.
void transactional(World& world) {
  ClientPlan plan = client_plan(world.kafka, RD_KAFKA_PRODUCER);
  plan.required.insert({{"transactional.id", world.topic}});
  auto writer = make_client(world.kafka, plan);
  must(writer.status());
  const auto well = [](rd_kafka_error_t* raw) {
    const ErrorHandle error(raw);
    must(kafka_status(error.get(), "writing"));
  };
  well(rd_kafka_init_transactions(writer->get(), 20'000));
  const TopicHandle handle(rd_kafka_topic_new(writer->get(), world.topic.c_str(), nullptr));
  for (int i = 0; i < 60; ++i) {
    well(rd_kafka_begin_transaction(writer->get()));
    for (int r = 0; r < 50; ++r) {
      ProducedRecord record;
      record.topic = handle.get();
      record.partition = 0;
      record.value = "v";
      if (produce_record(writer->get(), record) != RD_KAFKA_RESP_ERR_NO_ERROR) die("producing");
      ++world.produced;
    }
    (void)rd_kafka_flush(writer->get(), 10'000);
    well(i % 5 == 4 ? rd_kafka_abort_transaction(writer->get(), -1) : rd_kafka_commit_transaction(writer->get(), -1));
    ++world.produced;
    world.now_ms = wall_ms();
    world.consumed = static_cast<double>(std::max<Offset>(world.produced - (i % 3 == 0 ? 0 : i % 40) * 51, 0));
    world.commit(static_cast<Offset>(world.consumed));
    world.observe();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

struct Tally {
  uint64_t values = 0;
  uint64_t good = 0;    // marked exact or interpolated, and within a second
  uint64_t broken = 0;  // further off than they say
  int64_t worst_ms = 0;
};

void judge(Tally& tally, const std::vector<std::pair<Offset, int64_t>>& log, Offset offset, std::optional<int64_t> told, int64_t error_ms) {
  const auto behind = std::lower_bound(log.begin(), log.end(), std::pair(offset, INT64_MIN));
  if (behind == log.begin()) return;  // there is no record before it
  ++tally.values;
  if (!told) return;
  const int64_t off = std::abs(*told - std::prev(behind)->second);
  tally.worst_ms = std::max(tally.worst_ms, off);
  tally.broken += off > error_ms;
  tally.good += error_ms <= 1000 && off <= 1000;
}

void report(const std::string& name, World& world) {
  std::vector<std::pair<Offset, int64_t>> log;
  ReadTopic what;
  what.topic = world.topic;
  what.with_headers = false;
  must(read_topic(world.kafka, what, [&](const TopicRecord& record) {
    log.emplace_back(record.offset, record.timestamp_ms);
    return true;
  }));
  Tally tally;
  for (const Kept& kept : world.samples) {
    judge(tally, log, kept.committed, kept.consumed_ms, kept.consumed_error_ms);
    judge(tally, log, kept.end, kept.end_ms, kept.end_error_ms);
  }
  const auto cycles = static_cast<double>(world.cycles);
  std::printf("%-14s %8" PRIu64 " values  %7.2f %% exact or interpolated and within 1 s  %5" PRIu64 " beyond their error  worst %" PRId64
              " ms  %5.1f look-ups and %4.1f reads a cycle\n",
              name.c_str(), tally.values,
              100.0 * static_cast<double>(tally.good) / static_cast<double>(std::max<uint64_t>(tally.values, 1)), tally.broken,
              tally.worst_ms, static_cast<double>(world.look_ups) / cycles, static_cast<double>(world.reads) / cycles);
  std::fflush(stdout);
}

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  using namespace headroom;
  const char* brokers = std::getenv("HEADROOM_KAFKA");
  if (brokers == nullptr) die("HEADROOM_KAFKA is not set");
  KafkaConfig kafka;
  kafka.brokers = brokers;
  kafka.partitions = 1;
  kafka.retention_ms = 3650LL * 24 * kHour;
  const int reads = argc > 1 ? std::atoi(argv[1]) : 200;
  const std::pair<const char*, void (*)(World&)> scenarios[] = {{"steady", steady},   {"outage", outage}, {"bursts", bursts},
                                                                {"diurnal", diurnal}, {"sparse", sparse}, {"transactional", transactional}};
  for (const auto& [name, play] : scenarios) {
    World world(kafka, name, reads);
    play(world);
    report(name, world);
  }
  return 0;
}
