#include <gtest/gtest.h>

#include <chrono>

#include <nlohmann/json.hpp>
#include "config/config.h"
#include "engine/offset_metadata.h"
#include "engine/task.h"
#include "headroom/alert_codec.h"
#include "kafka/client.h"
#include "kafka/kafka.h"
#include "kafka/sample_producer.h"
#include "kit/kafka_cluster.h"
#include "run_binary.h"
#include "topologies/registry.h"

namespace headroom::testing {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;
constexpr int kMinutes = 180;

// Takes its partition and stays.
struct Owner : RebalanceListener {
  Source* source = nullptr;
  std::shared_ptr<GroupMetadata> group;
  void on_assigned(std::span<const Partition>, std::shared_ptr<GroupMetadata> taken) override {
    group = std::move(taken);
    EXPECT_TRUE(source->assign({}));
  }
  void on_revoked(std::span<const Partition>, bool) override { group.reset(); }
};

// A lane of right_sizing run here and committed as a worker would, by one transaction.
class VerifyRealKafka : public kit::RealKafkaTest {
 protected:
  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    samples = make_topic("samples", 1);
    actions = make_topic("actions", 2);
    rejected = make_topic("rejected", 1);
    file = folder.write("config.json", nlohmann::json({{"installation", installation},
                                                       {"rejected_topic", rejected},
                                                       {"kafka", {{"brokers", config.brokers}}},
                                                       {"topologies", {{"right_sizing", {{"topic", samples}, {"action_topic", actions}}}}}})
                                           .dump());
    whole.installation = installation;
    whole.rejected_topic = rejected;
    whole.topologies.push_back({"right_sizing", 1, nlohmann::json({{"topic", samples}, {"action_topic", actions}}).dump()});
    run_lane();
  }

  std::string sample(const char* metric, int64_t time_ms, double value) const {
    return nlohmann::json({{"target", "c/n/Deployment/api"},
                           {"metric", metric},
                           {"time_ms", time_ms},
                           {"value", value},
                           {"labels", {{"container", "app"}, {"instance", "i"}}}})
        .dump();
  }

  void run_lane() {
    auto topology = build_topology(whole, "right_sizing");
    ASSERT_TRUE(topology) << topology.status().to_string();
    auto task = topology->make_task({installation, "right_sizing", 0, 1});
    auto producer = SampleProducer::open(config, samples);
    ASSERT_TRUE(producer);
    Offset offset = 0;
    const auto put = [&](const std::string& value, int64_t time_ms) {
      ASSERT_TRUE((*producer)->produce("c/n/Deployment/api", value, time_ms, 0));
      const Record record{offset++, time_ms, "c/n/Deployment/api", value};
      task->process({0, {&record, 1}, offset}, outbox);
    };
    for (int minute = 0; minute < kMinutes; ++minute) {
      const int64_t time_ms = kStart + minute * 60'000;
      put(sample("cpu_reserved_cores", time_ms, 4), time_ms);
      put(sample("cpu_used_cores", time_ms, 0.5), time_ms);
    }
    put("not json", kStart);
    ASSERT_TRUE((*producer)->flush(20'000));
    ASSERT_GE(outbox.records.size(), 2u) << "a command and a rejected record";
    OffsetMetadata metadata;
    metadata.slot = "a";
    metadata.outputs = task->progress().outputs;
    commit(offset, encode_offset_metadata(metadata));
  }

  void commit(Offset offset, const std::string& metadata) {
    KafkaWorkerOptions options;
    options.kafka = config;
    options.installation = installation;
    options.topology = "right_sizing";
    options.slot = "a";
    options.source_topic = samples;
    options.output_topics = {actions, rejected};
    auto source = make_kafka_source(options);
    ASSERT_TRUE(source);
    auto sink = make_kafka_sink(options, **source);
    ASSERT_TRUE(sink);
    Owner owner;
    owner.source = source->get();
    ASSERT_TRUE((*sink)->open(20'000));
    ASSERT_TRUE((*source)->subscribe(owner));
    for (const int64_t deadline = steady_ms() + 20'000; owner.group == nullptr && steady_ms() < deadline;)
      ASSERT_TRUE((*source)->poll(20, 1));
    ASSERT_NE(owner.group, nullptr);
    ASSERT_TRUE((*sink)->begin());
    for (const auto& record : outbox.records) ASSERT_TRUE((*sink)->produce(record));
    const OffsetCommit one{0, offset, metadata};
    ASSERT_EQ((*sink)->send_offsets(std::span(&one, 1), *owner.group).outcome, CommitOutcome::kCommitted);
    ASSERT_EQ((*sink)->commit().outcome, CommitOutcome::kCommitted);
    (*source)->leave(10'000);
    sink->reset();
  }

  TestFolder folder;
  std::string file;
  std::string samples, actions, rejected;
  Config whole;
  Outbox outbox;
};

TEST_F(VerifyRealKafka, is_clean_and_agrees_with_the_oracle) {
  const Ran ran = run_headroom({"verify", "--config", file, "--oracle", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  const auto report = nlohmann::json::parse(ran.out);
  EXPECT_TRUE(report["clean"]);
  EXPECT_EQ(report["records"], outbox.records.size());
  ASSERT_EQ(report["lanes"].size(), 2u);
  for (const auto& lane : report["lanes"]) EXPECT_TRUE(lane["hash_checked"]) << lane;
  EXPECT_EQ(run_headroom({"verify", "--config", file}).code, 0);
}

TEST_F(VerifyRealKafka, finds_a_doubled_command) {
  KafkaWorkerOptions other;
  other.kafka = config;
  other.installation = installation;
  other.topology = "right_sizing";
  other.slot = "z";
  other.source_topic = samples;
  other.output_topics = {actions};
  auto source = make_kafka_source(other);
  auto sink = make_kafka_sink(other, **source);
  ASSERT_TRUE((*sink)->open(20'000));
  ASSERT_TRUE((*sink)->begin());
  OutRecord copy = outbox.records.front();
  ASSERT_EQ(copy.topic, actions);
  ASSERT_TRUE((*sink)->produce(copy));
  ASSERT_EQ((*sink)->commit().outcome, CommitOutcome::kCommitted);
  const Ran ran = run_headroom({"verify", "--config", file});
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("doubled: " + actions), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("NOT CLEAN"), std::string::npos);
}

TEST_F(VerifyRealKafka, explains_a_command_it_finds) {
  const std::string id = nlohmann::json::parse(outbox.records.front().value)["id"];
  const Ran ran = run_headroom({"explain", id, "--config", file});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("Resize the cpu of c/n/Deployment/api/app from 4.00 cores"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("over_reserved"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("record " + std::to_string(outbox.records.front().input_offset) + " of partition 0 of " + samples),
            std::string::npos)
      << ran.out;
  const Ran json = run_headroom({"explain", id, "--config", file, "--json"});
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["action"]["id"], id);
  EXPECT_EQ(run_headroom({"explain", "0000000000000000", "--config", file}).code, 1);
}

TEST_F(VerifyRealKafka, explains_an_alert_by_its_id_or_its_incidents) {
  AlertEvent alert;
  alert.detector = "stopped";
  alert.severity = AlertSeverity::kCritical;
  alert.incident = "00ab12cd34ef5678";
  alert.title = "pay has stopped";
  alert.time_ms = kStart;
  Encoded encoded;
  encode_alert(alert, {.source = "/headroom/x", .lane = "lag_watch/0", .incarnation = 1, .sequence = 1, .input_offset = 7}, encoded);
  auto producer = SampleProducer::open(config, actions);
  ASSERT_TRUE(producer);
  ASSERT_TRUE((*producer)->produce(encoded.key, encoded.value, kStart, 0));
  ASSERT_TRUE((*producer)->flush(20'000));
  const std::string id = nlohmann::json::parse(encoded.value)["id"];
  for (const std::string& asked : {id, alert.incident}) {
    const Ran ran = run_headroom({"explain", asked, "--config", file});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("critical firing: pay has stopped"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("lane lag_watch/0, sequence 1"), std::string::npos) << ran.out;
  }
  const Ran json = run_headroom({"explain", id, "--config", file, "--json"});
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["alert"]["id"], id);
}

TEST(Verify, says_that_kafka_does_not_answer) {
  const TestFolder folder;
  const std::string file = folder.write("config.json", R"({"kafka":{"brokers":"127.0.0.1:1"},"topologies":{"right_sizing":{}}})");
  const Ran ran = run_headroom({"verify", "--config", file, "--timeout", "1"});
  EXPECT_EQ(ran.code, 3) << ran.out << ran.err;
  EXPECT_EQ(run_headroom({"verify", "--config", folder.file("absent.json")}).code, 2);
}

}  // namespace
}  // namespace headroom::testing
