// What a lag source watches: topics with an hour of records, all of them produced to, and groups that commit every 5 s.
//
//   lag_load --brokers 127.0.0.1:9092 --groups 100 --topics 10 --partitions 50 --topics-a-group 10
//
// Says "ready" on a line of its own once the hour is written and every group has committed, then goes on until it is ended.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "kafka/client.h"
#include "kafka/error.h"
#include "kafka/produce.h"
#include "kafka/topics.h"

namespace headroom {
namespace {

constexpr int64_t kSecond = 1000;
constexpr size_t kCommitsAtOnce = 100;

struct LoadOptions {
  std::string brokers;
  std::string prefix = "lag-load";
  int groups = 100;
  int topics = 10;
  int partitions = 50;      // a topic
  int topics_a_group = 10;  // group i reads them from topic i on, round about
  double behind = 0.1;      // of the groups, an hour
  int64_t history_s = 3600;
  int64_t history_step_s = 5;  // between records
  int value_bytes = 200;
};

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "lag_load: %s\n", status.to_string().c_str());
  std::exit(1);
}

class Load {
 public:
  explicit Load(const LoadOptions& options) : options_(options), value_(static_cast<size_t>(options.value_bytes), 'v') {
    kafka_.brokers = options.brokers;
    kafka_.partitions = options.partitions;
    kafka_.retention_ms = 7 * 24 * 3600 * kSecond;
    for (int t = 0; t < options.topics; ++t) names_.push_back(options.prefix + "." + std::to_string(t));
    must(create_topics(kafka_, names_, 120'000));
    ClientPlan plan = client_plan(kafka_, RD_KAFKA_PRODUCER);
    plan.required.insert({{"batch.size", "16384"}, {"linger.ms", "50"}, {"queue.buffering.max.messages", "1000000"}});
    auto client = make_client(kafka_, plan);
    must(client.status());
    producer_ = std::move(*client);
    auto admin = make_client(kafka_, client_plan(kafka_, RD_KAFKA_PRODUCER));
    must(admin.status());
    admin_ = std::move(*admin);
    for (const std::string& name : names_) topics_.emplace_back(rd_kafka_topic_new(producer_.get(), name.c_str(), nullptr));
  }

  // Every partition alike, so that a group knows where a time is. In batches: one partition's records at a time.
  void fill() {
    began_ms_ = wall_ms() - options_.history_s * kSecond;
    const int64_t records = options_.history_s / options_.history_step_s;
    for (const TopicHandle& topic : topics_) {
      for (int p = 0; p < options_.partitions; ++p)
        for (int64_t i = 0; i < records; ++i) produce(topic.get(), p, began_ms_ + i * options_.history_step_s * kSecond);
      must(kafka_status(rd_kafka_flush(producer_.get(), 120'000), "filling"));
    }
    produced_ = records;
  }

  void go_on() {
    for (int64_t second = 0;; ++second) {
      next_ms_ = std::max(next_ms_ + kSecond, wall_ms() - kSecond);
      for (const TopicHandle& topic : topics_)
        for (int p = 0; p < options_.partitions; ++p) produce(topic.get(), p, 0);
      ++produced_;
      rd_kafka_poll(producer_.get(), 0);
      if (second % 5 == 0) commit();
      if (second == 0) std::printf("ready\n"), std::fflush(stdout);
      std::this_thread::sleep_for(std::chrono::milliseconds(std::max<int64_t>(0, next_ms_ - wall_ms())));
    }
  }

 private:
  void produce(rd_kafka_topic_t* topic, int32_t partition, int64_t stamp_ms) {
    ProducedRecord record;
    record.topic = topic;
    record.partition = partition;
    record.value = value_;
    record.timestamp_ms = stamp_ms;
    while (produce_record(producer_.get(), record) == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(producer_.get(), 10);
  }

  void commit() {
    const QueueHandle queue(rd_kafka_queue_new(admin_.get()));
    const int64_t late = (wall_ms() - began_ms_ - options_.history_s * kSecond) / kSecond / options_.history_step_s;
    size_t waiting = 0;
    for (int g = 0; g < options_.groups; ++g) {
      const bool behind = g < static_cast<int>(options_.behind * options_.groups);
      ask(g, behind ? late + 1 : std::max<int64_t>(produced_ - 2, 0), queue.get());
      if (++waiting == kCommitsAtOnce) take(queue.get()), --waiting;
    }
    for (; waiting > 0; --waiting) take(queue.get());
  }

  void ask(int group, int64_t offset, rd_kafka_queue_t* queue) {
    const PartitionList list(rd_kafka_topic_partition_list_new(options_.topics_a_group * options_.partitions));
    for (int t = 0; t < options_.topics_a_group; ++t)
      for (int p = 0; p < options_.partitions; ++p)
        rd_kafka_topic_partition_list_add(list.get(), names_[static_cast<size_t>((group + t) % options_.topics)].c_str(), p)->offset =
            offset;
    rd_kafka_AlterConsumerGroupOffsets_t* change =
        rd_kafka_AlterConsumerGroupOffsets_new((options_.prefix + ".group-" + std::to_string(group)).c_str(), list.get());
    rd_kafka_AlterConsumerGroupOffsets(admin_.get(), &change, 1, nullptr, queue);
    rd_kafka_AlterConsumerGroupOffsets_destroy(change);
  }

  void take(rd_kafka_queue_t* queue) {
    const EventHandle event(rd_kafka_queue_poll(queue, 60'000));
    if (event == nullptr) must(Status(Code::kTimeout, "committing: no answer"));
    must(kafka_status(rd_kafka_event_error(event.get()), "committing"));
  }

  const LoadOptions options_;
  const std::string value_;
  KafkaConfig kafka_;
  std::vector<std::string> names_;
  ClientHandle producer_;
  ClientHandle admin_;
  std::vector<TopicHandle> topics_;
  int64_t began_ms_ = 0;
  int64_t next_ms_ = 0;
  int64_t produced_ = 0;  // records a partition
};

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  using namespace headroom;
  LoadOptions options;
  CLI::App app("An hour of records, and groups that commit");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--prefix", options.prefix, "of topics and groups");
  app.add_option("--groups", options.groups);
  app.add_option("--topics", options.topics);
  app.add_option("--partitions", options.partitions, "a topic");
  app.add_option("--topics-a-group", options.topics_a_group);
  app.add_option("--behind", options.behind, "share of groups that are an hour behind");
  CLI11_PARSE(app, argc, argv);
  Load load(options);
  load.fill();
  load.go_on();
}
