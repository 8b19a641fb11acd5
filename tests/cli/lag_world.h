#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/lag_observer.h"
#include "headroom/lag_codec.h"
#include "kafka/error.h"
#include "kafka/handle.h"
#include "kafka/partitions.h"
#include "kafka/produce.h"
#include "kafka/sample_producer.h"
#include "kit/kafka_cluster.h"

namespace headroom {

// What groups and producers do to a real broker, and a lag source that watches it.
class LagRealKafka : public kit::RealKafkaTest {
 protected:
  static constexpr int64_t kStart = 1'700'000'000'000;

  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    config.retention_ms = 3'650LL * 24 * 3'600'000;  // stamps are old
    settings.groups = {installation + "*"};
    settings.topics = {installation + "*"};
  }

  std::string group(const std::string& name = "g") const { return installation + "." + name; }

  void produce(const std::string& topic, Partition partition, const std::vector<int64_t>& stamps) const {
    auto producer = SampleProducer::open(config, topic);
    ASSERT_TRUE(producer);
    for (const int64_t stamp : stamps) ASSERT_TRUE((*producer)->produce({}, "v", stamp, partition));
    ASSERT_TRUE((*producer)->flush(30'000));
  }

  // Commits without joining, as readers with assign() do.
  void commit(const std::string& of_group, const std::string& topic, Partition partition, Offset offset) const {
    ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
    plan.required.insert({{"group.id", of_group}});
    auto client = make_client(config, plan);
    ASSERT_TRUE(client);
    const PartitionOffset place{partition, offset};
    const PartitionList list = list_of(topic, std::span(&place, 1));
    ASSERT_EQ(rd_kafka_commit(client->get(), list.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // A member of the group, on its way to its partitions.
  ClientHandle subscribe(const std::string& of_group, const std::string& topic) const {
    ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
    plan.required.insert({{"group.id", of_group}, {"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "300"}});
    auto client = make_client(config, plan);
    EXPECT_TRUE(client);
    const PartitionList list = partition_list(1);
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    EXPECT_EQ(rd_kafka_subscribe(client->get(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    return std::move(*client);
  }

  // A member of the group that has got its partitions.
  ClientHandle join(const std::string& of_group, const std::string& topic) const {
    ClientHandle client = subscribe(of_group, topic);
    const int64_t deadline = steady_ms() + 30'000;
    for (int count = 0; count == 0 && steady_ms() < deadline;) {
      const MessageHandle message(rd_kafka_consumer_poll(client.get(), 50));
      rd_kafka_topic_partition_list_t* assigned = nullptr;
      rd_kafka_assignment(client.get(), &assigned);
      count = PartitionList(assigned)->cnt;
    }
    return client;
  }

  ClientHandle transactional_producer() const {
    ClientPlan plan = client_plan(config, RD_KAFKA_PRODUCER);
    plan.required.insert({{"transactional.id", kit::unique_name("x")}});
    auto writer = make_client(config, plan);
    EXPECT_TRUE(writer);
    EXPECT_TRUE(well(rd_kafka_init_transactions(writer->get(), 20'000)));
    return std::move(*writer);
  }

  // Begins a transaction and writes records in it.
  void write_open(rd_kafka_t* writer, const std::string& topic, const std::vector<int64_t>& stamps) const {
    ASSERT_TRUE(well(rd_kafka_begin_transaction(writer)));
    const TopicHandle handle(rd_kafka_topic_new(writer, topic.c_str(), nullptr));
    for (const int64_t stamp : stamps) {
      ProducedRecord record;
      record.topic = handle.get();
      record.partition = 0;
      record.value = "v";
      record.timestamp_ms = stamp;
      ASSERT_EQ(produce_record(writer, record), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    ASSERT_EQ(rd_kafka_flush(writer, 20'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  static bool well(rd_kafka_error_t* raw) {
    const ErrorHandle error(raw);
    EXPECT_TRUE(error == nullptr) << rd_kafka_error_string(error.get());
    return error == nullptr;
  }

  void delete_records(const std::string& topic, Partition partition, Offset before) const {
    auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
    ASSERT_TRUE(client);
    const PartitionOffset place{partition, before};
    const PartitionList list = list_of(topic, std::span(&place, 1));
    rd_kafka_DeleteRecords_t* asked = rd_kafka_DeleteRecords_new(list.get());
    const QueueHandle queue(rd_kafka_queue_new(client->get()));
    rd_kafka_DeleteRecords(client->get(), &asked, 1, nullptr, queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 20'000));
    rd_kafka_DeleteRecords_destroy(asked);
    ASSERT_NE(event, nullptr);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void delete_topic(const std::string& topic) const {
    auto client = make_client(config, client_plan(config, RD_KAFKA_PRODUCER));
    ASSERT_TRUE(client);
    rd_kafka_DeleteTopic_t* asked = rd_kafka_DeleteTopic_new(topic.c_str());
    const QueueHandle queue(rd_kafka_queue_new(client->get()));
    rd_kafka_DeleteTopics(client->get(), &asked, 1, nullptr, queue.get());
    const EventHandle event(rd_kafka_queue_poll(queue.get(), 20'000));
    rd_kafka_DeleteTopic_destroy(asked);
    ASSERT_NE(event, nullptr);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // As soon as the broker has dropped the old one; with config's number of partitions.
  void create_anew(const std::string& topic) const {
    const int64_t deadline = steady_ms() + 30'000;
    Status made(Code::kUnavailable, "");
    while (!made && steady_ms() < deadline) {
      made = create_topics(config, std::span(&topic, 1), 20'000);
      const auto seen = describe_topics(config, std::span(&topic, 1), 5000);
      if (!seen || seen->front().partitions != config.partitions) made = Status(Code::kUnavailable, "not yet");
    }
    ASSERT_TRUE(made) << made.to_string();
  }

  // One cycle, its samples as they would stand in the topic, by "group topic partition".
  std::map<std::string, nlohmann::json> cycle(int64_t now_ms = kStart + 10'000'000) {
    if (observer == nullptr) {
      auto made = LagObserver::make(config, settings);
      EXPECT_TRUE(made) << made.status().to_string();
      observer = std::move(*made);
      book = std::make_unique<LagBook>(settings, "prod", "a");
    }
    const auto done = observer->observe(*book, ++cycles, now_ms, steady_ms() + 20'000);
    EXPECT_TRUE(done) << done.status().to_string();
    if (done) last = *done;
    std::map<std::string, nlohmann::json> samples;
    book->each_sample(cycles, now_ms, [&](const std::string& key, const LagSample& sample) {
      std::string text;
      append_lag_sample(sample, text);
      auto read = nlohmann::json::parse(text, nullptr, false);
      read["key"] = key;
      samples[std::string(sample.group) + " " + std::string(sample.topic) + " " + std::to_string(sample.partition)] = std::move(read);
    });
    return samples;
  }

  nlohmann::json sample(const std::string& of_group, const std::string& topic, Partition partition = 0) {
    auto samples = cycle();
    const auto found = samples.find(of_group + " " + topic + " " + std::to_string(partition));
    EXPECT_NE(found, samples.end()) << of_group << " has no sample of " << topic;
    return found == samples.end() ? nlohmann::json::object() : found->second;
  }

  LagSourceConfig settings;
  std::unique_ptr<LagObserver> observer;
  std::unique_ptr<LagBook> book;
  uint64_t cycles = 0;
  LagCycle last;
};

}  // namespace headroom
