#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "kafka/kafka.h"
#include "kafka/sample_producer.h"

namespace headroom {

// A member of a group as a test drives it: takes every assignment at the offsets that `start` gives.
struct Member : RebalanceListener {
  std::unique_ptr<Source> source;
  std::unique_ptr<Sink> sink;
  std::vector<Partition> owned;
  std::shared_ptr<GroupMetadata> group;
  std::function<Offset(Partition)> start = [](Partition) { return Offset{0}; };
  std::function<void(bool lost)> when_revoked = [](bool) {};
  int assignments = 0;
  int revocations = 0;

  explicit Member(const KafkaWorkerOptions& options) {
    auto made = make_kafka_source(options);
    EXPECT_TRUE(made) << made.status().to_string();
    source = std::move(*made);
    auto out = make_kafka_sink(options, *source);
    EXPECT_TRUE(out) << out.status().to_string();
    sink = std::move(*out);
  }
  ~Member() override { sink.reset(); }

  void on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> taken) override {
    ++assignments;
    owned.assign(partitions.begin(), partitions.end());
    group = std::move(taken);
    std::vector<PartitionOffset> places;
    for (const Partition partition : owned) places.push_back({partition, start(partition)});
    EXPECT_TRUE(source->assign(places));
  }
  void on_revoked(std::span<const Partition>, bool lost) override {
    ++revocations;
    when_revoked(lost);
    owned.clear();
    group.reset();
  }

  // Polls until `done`, giving batches to `take`.
  ::testing::AssertionResult poll_until(const std::function<bool()>& done, const std::function<void(const Batch&)>& take = {},
                                        int timeout_ms = 30'000) {
    const int64_t deadline = steady_ms() + timeout_ms;
    while (!done()) {
      const auto batches = source->poll(20, 10'000);
      if (!batches) return ::testing::AssertionFailure() << batches.status().to_string();
      if (take)
        for (const Batch& batch : *batches) take(batch);
      if (steady_ms() > deadline) return ::testing::AssertionFailure() << "not within " << timeout_ms << " ms";
    }
    return ::testing::AssertionSuccess();
  }
};

inline KafkaWorkerOptions worker_options(const KafkaConfig& kafka, const std::string& installation, const std::string& slot,
                                         const std::string& in, std::vector<std::string> out = {}) {
  KafkaWorkerOptions made;
  made.kafka = kafka;
  made.installation = installation;
  made.topology = "sizes";
  made.slot = slot;
  made.source_topic = in;
  made.output_topics = std::move(out);
  return made;
}

inline OutRecord out_record(const std::string& topic, uint64_t sequence, const std::string& value, Offset input_offset = 0) {
  OutRecord record;
  record.topic = topic;
  record.key = "key";
  record.value = value;
  record.lane = "sizes/0";
  record.sequence = sequence;
  record.input_offset = input_offset;
  return record;
}

inline void fill(const KafkaConfig& config, const std::string& topic, int partition, int from, int to) {
  auto producer = SampleProducer::open(config, topic);
  ASSERT_TRUE(producer) << producer.status().to_string();
  for (int i = from; i < to; ++i) ASSERT_TRUE((*producer)->produce("k", std::to_string(i), 1'700'000'000'000 + i, partition));
  const Status flushed = (*producer)->flush(30'000);
  ASSERT_TRUE(flushed) << flushed.to_string();
}

}  // namespace headroom
