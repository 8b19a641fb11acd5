#include <gtest/gtest.h>

#include <map>

#include "engine/offset_metadata.h"
#include "kafka/error.h"
#include "kafka/produce.h"
#include "kafka/source.h"
#include "kafka/topic_reader.h"
#include "kit/kafka_cluster.h"
#include "worker_ports.h"

namespace headroom {
namespace {

class SinkRealKafka : public kit::RealKafkaTest {
 protected:
  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    in = make_topic("in", 2);
    out = make_topic("out", 1);
  }

  KafkaWorkerOptions options(const std::string& slot) const { return worker_options(config, installation, slot, in, {out}); }

  std::vector<std::string> visible() const {
    std::vector<std::string> values;
    ReadTopic what;
    what.topic = out;
    what.wait_for_open = true;
    const Status status = read_topic(config, what, [&](const TopicRecord& record) { return values.emplace_back(record.value), true; });
    EXPECT_TRUE(status) << status.to_string();
    return values;
  }

  // Opens, joins, and has both partitions.
  void join(Member& member) {
    const Status opened = member.sink->open(20'000);
    ASSERT_TRUE(opened) << opened.to_string();
    ASSERT_TRUE(member.source->subscribe(member));
    ASSERT_TRUE(member.poll_until([&] { return !member.owned.empty(); }));
  }

  std::optional<Committed> committed(Member& member, bool stable = true) {
    const Partition zero = 0;
    const auto found = member.source->committed(std::span(&zero, 1), stable, 20'000);
    EXPECT_TRUE(found) << found.status().to_string();
    if (!found) return std::nullopt;
    return found->front();
  }

  std::string in;
  std::string out;
};

CommitResult transact(Member& member, const std::string& topic, uint64_t sequence, Offset offset, const std::string& metadata) {
  EXPECT_TRUE(member.sink->begin());
  EXPECT_TRUE(member.sink->produce(out_record(topic, sequence, "v" + std::to_string(sequence), offset - 1)));
  const OffsetCommit commit{0, offset, metadata};
  const CommitResult sent = member.sink->send_offsets(std::span(&commit, 1), *member.group);
  return sent.outcome == CommitOutcome::kCommitted ? member.sink->commit() : sent;
}

TEST_F(SinkRealKafka, shows_records_and_offsets_of_a_committed_transaction_together) {
  Member member(options("a"));
  join(member);
  EXPECT_EQ(committed(member)->offset, std::nullopt);
  const CommitResult result = transact(member, out, 1, 7, "headroom");
  ASSERT_EQ(result.outcome, CommitOutcome::kCommitted) << result.detail;
  EXPECT_EQ(visible(), std::vector<std::string>{"v1"});
  EXPECT_EQ(committed(member)->offset, 7);
  EXPECT_EQ(committed(member)->metadata, "headroom");
  EXPECT_EQ(committed(member, false)->offset, 7);
  EXPECT_EQ(committed(member, false)->metadata, "headroom");
}

TEST_F(SinkRealKafka, hides_what_was_aborted_and_goes_on) {
  Member member(options("a"));
  join(member);
  ASSERT_TRUE(member.sink->begin());
  ASSERT_TRUE(member.sink->produce(out_record(out, 1, "aborted")));
  const OffsetCommit commit{0, 3, "no"};
  ASSERT_EQ(member.sink->send_offsets(std::span(&commit, 1), *member.group).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(member.sink->abort().outcome, CommitOutcome::kAborted);
  EXPECT_EQ(committed(member)->offset, std::nullopt);
  ASSERT_EQ(transact(member, out, 1, 3, "yes").outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(visible(), std::vector<std::string>{"v1"});
  EXPECT_EQ(committed(member)->metadata, "yes");
}

TEST_F(SinkRealKafka, writes_the_headers_that_prove_a_lane) {
  Member member(options("a"));
  join(member);
  ASSERT_TRUE(member.sink->begin());
  OutRecord record = out_record(out, 4711, "v", 88121);
  record.incarnation = 3;
  record.headers.emplace_back("reason", "not_json");
  ASSERT_TRUE(member.sink->produce(record));
  ASSERT_EQ(member.sink->commit().outcome, CommitOutcome::kCommitted);
  ReadTopic what;
  what.topic = out;
  what.wait_for_open = true;
  int records = 0;
  ASSERT_TRUE(read_topic(config, what, [&](const TopicRecord& read) {
    ++records;
    EXPECT_EQ(read.header("lane"), "sizes/0");
    EXPECT_EQ(read.header("sequence"), "00000000000000004711");
    EXPECT_EQ(read.header("input_offset"), "88121");
    EXPECT_EQ(read.header("incarnation"), "3");
    EXPECT_EQ(read.header("reason"), "not_json");
    EXPECT_EQ(read.key, "key");
    return true;
  }));
  EXPECT_EQ(records, 1);
}

TEST_F(SinkRealKafka, carries_metadata_of_the_largest_size) {
  Member member(options("a"));
  join(member);
  const std::string metadata(kMaxOffsetMetadata, 'm');
  const CommitResult result = transact(member, out, 1, 1, metadata);
  ASSERT_EQ(result.outcome, CommitOutcome::kCommitted) << result.detail;
  EXPECT_EQ(committed(member)->metadata, metadata);
}

// Kafka checks member and generation, not ownership: with the metadata of the old assignment the commit of a frozen worker is refused.
TEST_F(SinkRealKafka, loses_its_lanes_when_it_commits_under_an_assignment_that_is_over) {
  Member first(options("a"));
  join(first);
  const std::shared_ptr<GroupMetadata> old = first.group;
  Member second(options("b"));
  ASSERT_TRUE(second.sink->open(20'000));
  ASSERT_TRUE(second.source->subscribe(second));
  ASSERT_TRUE(first.poll_until([&] {
    (void)second.source->poll(5, 10);
    return first.owned.size() == 1 && second.owned.size() == 1;
  }));
  ASSERT_TRUE(first.sink->begin());
  ASSERT_TRUE(first.sink->produce(out_record(out, 1, "zombie")));
  const OffsetCommit commit{1, 5, "zombie"};
  const CommitResult refused = first.sink->send_offsets(std::span(&commit, 1), *old);
  EXPECT_EQ(refused.outcome, CommitOutcome::kLost) << refused.detail;
  EXPECT_EQ(first.sink->abort().outcome, CommitOutcome::kAborted);
  ASSERT_TRUE(first.sink->begin());
  ASSERT_TRUE(first.sink->produce(out_record(out, 1, "rightful")));
  const OffsetCommit own{first.owned.front(), 5, "rightful"};
  EXPECT_EQ(first.sink->send_offsets(std::span(&own, 1), *first.group).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(first.sink->commit().outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(visible(), std::vector<std::string>{"rightful"});
}

TEST_F(SinkRealKafka, ends_the_open_transaction_of_a_dead_slot) {
  Member heir(options("b"));
  ASSERT_TRUE(heir.sink->open(20'000));
  {
    Member dead(options("a"));
    join(dead);
    ASSERT_EQ(transact(dead, out, 1, 4, "before").outcome, CommitOutcome::kCommitted);
    ASSERT_TRUE(dead.sink->begin());
    ASSERT_TRUE(dead.sink->produce(out_record(out, 2, "torn")));
    const OffsetCommit commit{0, 9, "torn"};
    ASSERT_EQ(dead.sink->send_offsets(std::span(&commit, 1), *dead.group).outcome, CommitOutcome::kCommitted);
  }
  const Partition zero = 0;
  EXPECT_EQ(heir.source->committed(std::span(&zero, 1), true, 300).status().code(), Code::kTimeout);
  EXPECT_EQ(committed(heir, false)->offset, 4);
  EXPECT_EQ(committed(heir, false)->metadata, "before");
  const int64_t began = steady_ms();
  const Status ended = heir.sink->end_transaction_of("a", 10'000);
  ASSERT_TRUE(ended) << ended.to_string();
  EXPECT_EQ(committed(heir)->offset, 4);
  RecordProperty("takeover_ms", std::to_string(steady_ms() - began));
  EXPECT_LT(steady_ms() - began, 4000) << "waiting for the transaction's timeout takes 10 s";
  EXPECT_EQ(visible(), std::vector<std::string>{"v1"});
}

TEST_F(SinkRealKafka, is_fenced_when_another_opens_its_slot) {
  Member first(options("a"));
  join(first);
  ASSERT_TRUE(first.sink->begin());
  ASSERT_TRUE(first.sink->produce(out_record(out, 1, "old")));
  Member second(options("a"));
  ASSERT_TRUE(second.sink->open(20'000));
  const CommitResult result = first.sink->commit();
  EXPECT_EQ(result.outcome, CommitOutcome::kFenced) << result.detail;
  EXPECT_EQ(first.sink->begin().code(), Code::kFenced);
  EXPECT_TRUE(visible().empty());
  // Opened anew it takes the slot back; that this must not happen is the worker's business.
  EXPECT_TRUE(first.sink->open(20'000));
}

TEST_F(SinkRealKafka, passes_markers_and_aborted_records_with_its_position) {
  ClientPlan plan = client_plan(config, RD_KAFKA_PRODUCER);
  plan.required.emplace("transactional.id", installation);
  auto writer = make_client(config, plan);
  ASSERT_TRUE(writer) << writer.status().to_string();
  const auto ok = [](rd_kafka_error_t* raw) {
    const ErrorHandle error(raw);
    return kafka_status(error.get(), "writing");
  };
  ASSERT_TRUE(ok(rd_kafka_init_transactions(writer->get(), 20'000)));
  const TopicHandle topic(rd_kafka_topic_new(writer->get(), out.c_str(), nullptr));
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(ok(rd_kafka_begin_transaction(writer->get())));
    const std::string value = std::to_string(i);
    ProducedRecord record;
    record.topic = topic.get();
    record.value = value;
    ASSERT_EQ(produce_record(writer->get(), record), RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_flush(writer->get(), 20'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_TRUE(ok(i % 3 == 0 ? rd_kafka_abort_transaction(writer->get(), -1) : rd_kafka_commit_transaction(writer->get(), -1)));
  }
  KafkaWorkerOptions reading = options("r");
  reading.topology = "reader";
  reading.source_topic = out;
  Member reader(reading);
  ASSERT_TRUE(reader.source->subscribe(reader));
  // Twenty records and twenty markers; the last of them come after the commit was acknowledged.
  auto bounds = reader.source->bounds(0, 20'000);
  const int64_t deadline = steady_ms() + 20'000;
  while (bounds && bounds->end < 40 && steady_ms() < deadline) bounds = reader.source->bounds(0, 20'000);
  ASSERT_TRUE(bounds) << bounds.status().to_string();
  ASSERT_EQ(bounds->end, 40);
  size_t records = 0;
  Offset last = -1;
  EXPECT_TRUE(reader.poll_until([&] { return reader.source->position(0) == bounds->end; },
                                [&](const Batch& batch) {
                                  records += batch.records.size();
                                  last = batch.records.back().offset;
                                  EXPECT_GE(batch.position, last + 1);
                                }));
  EXPECT_EQ(records, 14u);
  EXPECT_EQ(bounds->end, last + 2) << "a marker stands behind the last record";
  const auto marker = reader.source->timestamp_at(0, last + 1, 10'000);
  ASSERT_TRUE(marker) << marker.status().to_string();
  EXPECT_EQ(*marker, std::nullopt);
}

TEST_F(SinkRealKafka, finds_what_the_outputs_hold_of_a_lane) {
  Member member(options("a"));
  join(member);
  for (uint64_t i = 1; i <= 5; ++i)
    ASSERT_EQ(transact(member, out, i, static_cast<Offset>(10 * i), "m").outcome, CommitOutcome::kCommitted);
  const std::vector<std::string> lanes{"sizes/0", "sizes/1"};
  const auto found = member.source->scan_outputs(lanes, 20'000);
  ASSERT_TRUE(found) << found.status().to_string();
  EXPECT_EQ(found->at("sizes/0").topics.at(out).sequence, 5u);
  EXPECT_EQ(found->at("sizes/0").topics.at(out).incarnation, 1u);
  EXPECT_EQ(found->at("sizes/0").topics.at(out).input_offset, 49);
  EXPECT_TRUE(found->at("sizes/1").topics.empty());
}

TEST_F(SinkRealKafka, commits_without_transactions_when_asked_to) {
  KafkaWorkerOptions plain = options("a");
  plain.delivery = Delivery::kAtLeastOnce;
  Member member(plain);
  join(member);
  const CommitResult result = transact(member, out, 1, 7, "plain");
  ASSERT_EQ(result.outcome, CommitOutcome::kCommitted) << result.detail;
  EXPECT_EQ(committed(member)->offset, 7);
  EXPECT_EQ(committed(member)->metadata, "plain");
  EXPECT_EQ(visible(), std::vector<std::string>{"v1"});
  const std::shared_ptr<GroupMetadata> old = member.group;
  member.source->leave(10'000);
  ASSERT_TRUE(member.sink->begin());
  const OffsetCommit late{0, 9, "late"};
  ASSERT_EQ(member.sink->send_offsets(std::span(&late, 1), *old).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(member.sink->commit().outcome, CommitOutcome::kLost);
}

TEST_F(SinkRealKafka, says_which_output_topic_is_missing) {
  KafkaWorkerOptions wrong = options("a");
  wrong.output_topics = {installation + ".nowhere"};
  Member member(wrong);
  const Status status = member.sink->open(5000);
  EXPECT_EQ(status.code(), Code::kNotFound) << status.to_string();
  EXPECT_NE(status.message().find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace headroom
