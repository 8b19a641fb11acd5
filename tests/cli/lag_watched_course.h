#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headroom/testing/topology_driver.h"
#include "lag_world.h"
#include "topologies/lag_watch.h"

namespace headroom {

// A partition of a course: what is produced to it and read of it in a cycle.
struct LagStream {
  static constexpr Offset kAll = std::numeric_limits<Offset>::max();

  std::string topic;
  Partition partition = 0;
  int made = 50;        // records a cycle
  Offset read = kAll;   // at most, of those that were there when the cycle began
  bool commits = true;  // what was read
  Offset end = 0;
  Offset position = 0;
};

// What producers and groups do to a real broker over minutes and hours, as lag_watch judges what the source sees of it. The clock is the
// course's own, and runs faster than ours: records carry its stamps, the source observes at its times, ticks tell it. One cycle is 5 s.
class LagWatchedCourse : public LagRealKafka {
 protected:
  static constexpr int64_t kCycleMs = 5000;
  static constexpr int64_t kMinute = 60'000;
  static constexpr int64_t kSoon = 30'000 + kCycleMs;  // a fault must have been found by then

  void SetUp() override {
    LagRealKafka::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    settings.labels = {{"*", {{"env", "production"}, {"view", "orders"}}}};
    LagObservers observers;
    observers.partition = [this](const LaneIdentity&, const LagStanding& in) { note(in); };
    judging = std::make_unique<testing::TopologyDriver>(lag_watch(watch, {}, observers));
    reading = group();
  }

  // Whether a client is a member of the group, and which partitions it has then.
  struct Reader {
    ClientHandle client;
    bool member = false;
  };

  // A topic whose partitions are all produced to and read.
  std::string add_topic(const std::string& name, int partitions = 1) {
    std::string topic = make_topic(name, partitions);
    for (Partition p = 0; p < partitions; ++p) streams.push_back({topic, p});
    return topic;
  }

  void add_member(const std::string& topic) { readers.push_back({join(reading, topic), true}); }

  // Commits without joining.
  void add_committer() {
    ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
    plan.required.insert({{"group.id", reading}});
    auto client = make_client(config, plan);
    ASSERT_TRUE(client);
    readers.push_back({std::move(*client), false});
  }

  // The members leave; their clients are gone.
  void close_readers() {
    for (const Reader& reader : readers) rd_kafka_consumer_close(reader.client.get());
    readers.clear();
  }

  void pass(int64_t ms) {
    for (const int64_t until_ms = now_ms + ms; now_ms < until_ms;) pass_cycle();
  }

  void pass_cycle() {
    const int64_t from_ms = std::exchange(now_ms, now_ms + kCycleMs);
    for (LagStream& stream : streams)
      if (stream.commits) stream.position = std::min(stream.end, stream.position + std::min(stream.read, stream.end - stream.position));
    for (const Reader& reader : readers) commit_of(reader);
    for (LagStream& stream : streams) {
      for (int i = 0; i < stream.made; ++i) write(stream, from_ms + (i + 1) * kCycleMs / stream.made);
    }
    for (const auto& [topic, producer] : producers) ASSERT_TRUE(producer->flush(30'000));
    judge();
  }

  void write(LagStream& stream, int64_t stamp_ms) {
    auto& producer = producers[stream.topic];
    if (producer == nullptr) {
      auto opened = SampleProducer::open(config, stream.topic);
      ASSERT_TRUE(opened);
      producer = std::move(*opened);
    }
    ASSERT_TRUE(producer->produce({}, "v", stamp_ms, stream.partition));
    ++stream.end;
  }

  // What the source sees now, and a tick, as its topic would have them.
  void judge() {
    if (observer == nullptr) {
      auto made = LagObserver::make(config, settings);
      ASSERT_TRUE(made) << made.status().to_string();
      observer = std::move(*made);
      book = std::make_unique<LagBook>(settings, "prod", "a");
    }
    const auto done = observer->observe(*book, ++cycles, now_ms, steady_ms() + 20'000);
    ASSERT_TRUE(done) << done.status().to_string();
    last = *done;
    std::string value;
    book->each_sample(cycles, now_ms, [&](const std::string& key, const LagSample& sample) {
      value.clear();
      append_lag_sample(sample, value);
      judging->pipe(key, value);
    });
    book->forget(now_ms, [&](const std::string& key, const LagForgotten& forgotten) {
      value.clear();
      append_lag_forgotten(forgotten, now_ms, value);
      judging->pipe(key, value);
    });
    LagTick tick;
    tick.source = "a";
    tick.tick_ms = now_ms;
    tick.interval_ms = kCycleMs;
    tick.seq = cycles;
    value.clear();
    append_lag_tick(tick, value);
    judging->pipe({}, value);
    EXPECT_TRUE(judging->rejected().empty()) << judging->rejected().front().value;
    for (const auto& record : judging->take_sent()) {
      const auto data = nlohmann::json::parse(record.value)["data"];
      alerts.push_back(data["detector"].get<std::string>() + " " + data["state"].get<std::string>());
    }
  }

  // The verdicts of a partition in their order, each once where it stayed.
  std::vector<std::string> said(const LagStream& stream) const { return said(stream.topic, stream.partition); }
  std::vector<std::string> said(const std::string& topic, Partition partition = 0) const {
    std::vector<std::string> names;
    const auto found = notes.find({topic, partition});
    if (found == notes.end()) return names;
    for (const auto& [time_ms, verdict] : found->second) names.emplace_back(verdict_name(verdict));
    return names;
  }

  // How long after `fault_ms` the present verdict was given.
  int64_t found_after(int64_t fault_ms, const LagStream& stream) const {
    return notes.at({stream.topic, stream.partition}).back().first - fault_ms;
  }

  LagWatchParams watch;
  std::unique_ptr<testing::TopologyDriver> judging;
  std::string reading;  // the group that the readers belong to
  std::vector<Reader> readers;
  std::vector<LagStream> streams;
  std::map<std::string, std::unique_ptr<SampleProducer>> producers;
  int64_t now_ms = kStart;
  std::map<TopicPartition, std::vector<std::pair<int64_t, LagVerdict>>> notes;  // changes of verdict
  std::map<TopicPartition, int64_t> lag_records;                                // at the last tick
  std::vector<std::string> alerts;                                              // "stalled firing", as they were written

 private:
  void note(const LagStanding& in) {
    if (in.kind != StandingKind::kPartition) return;
    auto& changes = notes[{std::string(in.topic), in.partition}];
    if (changes.empty() || changes.back().second != in.verdict) changes.emplace_back(in.time_ms, in.verdict);
    if (in.lag_records) lag_records[{std::string(in.topic), in.partition}] = *in.lag_records;
  }

  // The positions in what it has. In a rebalance that is refused, and the next cycle does it.
  void commit_of(const Reader& reader) {
    const PartitionList list = partition_list(streams.size());
    PartitionList assigned;
    if (reader.member) {
      const MessageHandle served(rd_kafka_consumer_poll(reader.client.get(), 0));
      rd_kafka_topic_partition_list_t* raw = nullptr;
      rd_kafka_assignment(reader.client.get(), &raw);
      assigned.reset(raw);
    }
    for (const LagStream& stream : streams) {
      if (!stream.commits) continue;
      if (reader.member && rd_kafka_topic_partition_list_find(assigned.get(), stream.topic.c_str(), stream.partition) == nullptr) continue;
      rd_kafka_topic_partition_list_add(list.get(), stream.topic.c_str(), stream.partition)->offset = stream.position;
    }
    if (list->cnt > 0) last_commit = rd_kafka_commit(reader.client.get(), list.get(), 0);
  }

 protected:
  rd_kafka_resp_err_t last_commit = RD_KAFKA_RESP_ERR_NO_ERROR;
};

}  // namespace headroom
