#include "kafka/audit.h"

#include <gtest/gtest.h>

#include "engine/task.h"
#include "kit/counting_topology.h"

namespace headroom {
namespace {

// Records of a topic, as a test writes them down.
class Topic {
 public:
  explicit Topic(std::string name = "out") : name_(std::move(name)) {}

  Topic& put(uint64_t sequence, const std::string& value, Offset input_offset, Partition partition = 0, uint64_t incarnation = 1) {
    records_.push_back({partition, value, std::to_string(sequence), std::to_string(input_offset), std::to_string(incarnation), lane, {}});
    return *this;
  }
  Topic& put(const OutRecord& out) {
    records_.push_back({0, out.value, std::to_string(out.sequence), std::to_string(out.input_offset), std::to_string(out.incarnation),
                        out.lane, out.headers, out.key});
    return *this;
  }
  void give(Audit& audit) const {
    Offset offset = 0;
    for (const auto& one : records_) {
      TopicRecord record;
      record.topic = name_;
      record.partition = one.partition;
      record.offset = offset++;
      record.key = one.key;
      record.value = one.value;
      record.headers = {
          {"lane", one.lane}, {"sequence", one.sequence}, {"input_offset", one.input_offset}, {"incarnation", one.incarnation}};
      for (const auto& [name, value] : one.headers) record.headers.emplace_back(name, value);
      audit.take(record);
    }
  }
  std::string lane = "sizes/0";

 private:
  struct One {
    Partition partition;
    std::string value, sequence, input_offset, incarnation, lane;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string key = "key";
  };
  std::string name_;
  std::vector<One> records_;
};

AuditReport audit_of(const Topic& topic, Delivery delivery = Delivery::kExactlyOnce, std::vector<Partition> truncated = {}) {
  Audit audit(delivery);
  audit.expect_topic("out", truncated);
  topic.give(audit);
  return audit.finish();
}

uint64_t count(const AuditReport& report, Fault fault) {
  uint64_t sum = 0;
  for (const auto& row : report.rows) sum += row.faults[static_cast<size_t>(fault)];
  return sum;
}

::testing::AssertionResult has_only(const AuditReport& report, Fault fault, uint64_t number) {
  if (count(report, fault) != number || report.violations != number || report.clean())
    return ::testing::AssertionFailure() << count(report, fault) << " of " << report.violations << " violations";
  if (report.findings.empty() || report.findings[0].fault != fault) return ::testing::AssertionFailure() << "not among the findings";
  return ::testing::AssertionSuccess();
}

TEST(Audit, is_clean_when_sequences_are_whole_over_several_partitions) {
  const auto report = audit_of(Topic().put(2, "b", 5, 1).put(1, "a", 5, 0).put(4, "d", 9, 1).put(3, "c", 7, 0));
  EXPECT_TRUE(report.clean());
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].records, 4u);
  EXPECT_EQ(report.rows[0].first, 1u);
  EXPECT_EQ(report.rows[0].last, 4u);
}

TEST(Audit, finds_a_sequence_that_is_missing) {
  const auto report = audit_of(Topic().put(1, "a", 1).put(4, "d", 4));
  EXPECT_TRUE(has_only(report, Fault::kMissing, 2u));
  EXPECT_EQ(report.findings[0].sequence, 2u);
}

TEST(Audit, finds_that_the_first_sequences_are_missing_unless_the_log_was_cut) {
  const Topic topic = Topic().put(3, "c", 3).put(4, "d", 4);
  EXPECT_TRUE(has_only(audit_of(topic), Fault::kMissing, 2u));
  const auto cut = audit_of(topic, Delivery::kExactlyOnce, {0});
  EXPECT_TRUE(cut.clean());
  EXPECT_EQ(cut.rows[0].expired, 2u);
}

TEST(Audit, does_not_excuse_a_hole_behind_the_cut_of_the_log) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(3, "c", 3).put(5, "e", 4), Delivery::kExactlyOnce, {0}), Fault::kMissing, 1u));
}

TEST(Audit, counts_any_repeat_as_doubled_where_delivery_is_exactly_once) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, "a", 1).put(1, "a", 1)), Fault::kDoubled, 1u));
}

TEST(Audit, counts_an_identical_repeat_as_harmless_where_delivery_is_at_least_once) {
  const auto report = audit_of(Topic().put(1, "a", 1).put(2, "b", 2).put(1, "a", 1).put(2, "b", 2), Delivery::kAtLeastOnce);
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.rows[0].repeated, 2u);
  EXPECT_EQ(report.rows[0].records, 2u);
}

TEST(Audit, finds_a_sequence_with_two_contents_in_either_mode) {
  const Topic topic = Topic().put(1, "a", 1).put(1, "x", 1);
  EXPECT_TRUE(has_only(audit_of(topic), Fault::kDoubled, 1u));
  EXPECT_TRUE(has_only(audit_of(topic, Delivery::kAtLeastOnce), Fault::kDoubled, 1u));
}

TEST(Audit, tells_contents_apart_by_the_place_they_come_from) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, "a", 1).put(1, "a", 2), Delivery::kAtLeastOnce), Fault::kDoubled, 1u));
}

TEST(Audit, finds_a_sequence_behind_a_larger_one_in_a_partition) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(2, "b", 1).put(1, "a", 1)), Fault::kOutOfOrder, 1u));
}

TEST(Audit, finds_an_input_offset_that_goes_back_within_an_incarnation) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, "a", 5).put(2, "b", 4)), Fault::kOffsetBack, 1u));
  EXPECT_TRUE(audit_of(Topic().put(1, "a", 5).put(2, "b", 4, 0, 2)).clean());
}

TEST(Audit, finds_records_without_a_lane) {
  Topic topic;
  topic.lane = "";
  EXPECT_TRUE(has_only(audit_of(topic.put(1, "a", 1)), Fault::kNameless, 1u));
}

std::string event(const std::string& id, const std::string& lane, uint64_t sequence) {
  return R"({"specversion":"1.0","id":")" + id + R"(","source":"/headroom/t","lane":")" + lane + R"(","sequence":")" +
         std::to_string(sequence) + R"("})";
}

TEST(Audit, finds_an_event_whose_own_lane_or_sequence_is_another) {
  EXPECT_TRUE(audit_of(Topic().put(1, event("1", "sizes/0", 1), 1)).clean());
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, event("1", "sizes/1", 1), 1)), Fault::kHeaderMismatch, 1u));
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, event("1", "sizes/0", 2), 1)), Fault::kHeaderMismatch, 1u));
}

TEST(Audit, finds_an_id_that_two_sequences_have) {
  EXPECT_TRUE(has_only(audit_of(Topic().put(1, event("1", "sizes/0", 1), 1).put(2, event("1", "sizes/0", 2), 1)), Fault::kSameId, 1u));
}

// A lane run by the engine, as it stands in its topics and in the metadata of its offset.
struct RunLane {
  Topology topology = kit::counting_topology();
  std::unique_ptr<Task> task = topology.make_task({"t", "counting", 0, 1});
  Outbox outbox;

  RunLane() {
    std::vector<Record> records;
    for (Offset i = 0; i < 60; ++i) records.push_back({i, 1000 + i, {}, i % 7 == 0 ? "bad" : i % 2 == 0 ? "even" : "odd"});
    task->process({0, records, 60}, outbox);
  }
  OffsetMetadata metadata() const {
    OffsetMetadata made;
    made.outputs = task->progress().outputs;
    return made;
  }
  AuditReport audit(const OffsetMetadata& metadata, size_t left_out = SIZE_MAX, bool oracle = false) const {
    Audit audit(Delivery::kExactlyOnce);
    for (const auto& topic : topology.output_topics()) audit.expect_topic(topic, {});
    audit.expect_commit("counting/0", metadata);
    for (size_t i = 0; i < outbox.records.size(); ++i)
      if (i != left_out) Topic(outbox.records[i].topic).put(outbox.records[i]).give(audit);
    if (oracle) {
      for (const auto& record : outbox.records) audit.expect_output(record);
      audit.end_outputs("counting/0");
    }
    return audit.finish();
  }
};

TEST(Audit, agrees_with_the_running_hash_that_the_engine_commits) {
  const RunLane lane;
  const auto report = lane.audit(lane.metadata());
  EXPECT_TRUE(report.clean());
  ASSERT_EQ(report.rows.size(), 2u);
  for (const auto& row : report.rows) EXPECT_TRUE(row.hash_checked) << row.topic;
}

TEST(Audit, finds_a_running_hash_that_is_not_that_of_the_records) {
  const RunLane lane;
  OffsetMetadata metadata = lane.metadata();
  metadata.outputs[1].hash ^= 1;
  EXPECT_TRUE(has_only(lane.audit(metadata), Fault::kHashDiffers, 1u));
}

TEST(Audit, finds_what_was_committed_and_is_not_there) {
  const RunLane lane;
  OffsetMetadata metadata = lane.metadata();
  metadata.outputs[0].sequence += 2;
  EXPECT_TRUE(has_only(lane.audit(metadata), Fault::kLost, 2u));
  Audit nothing(Delivery::kExactlyOnce);
  nothing.expect_topic("tallies", {});
  nothing.expect_commit("counting/0", lane.metadata());
  EXPECT_GT(count(nothing.finish(), Fault::kLost), 0u);
}

TEST(Audit, agrees_with_an_oracle_that_gives_the_same) {
  const RunLane lane;
  EXPECT_TRUE(lane.audit(lane.metadata(), SIZE_MAX, true).clean());
}

TEST(Audit, finds_what_an_oracle_gives_otherwise) {
  const RunLane lane;
  Audit audit(Delivery::kExactlyOnce);
  for (const auto& topic : lane.topology.output_topics()) audit.expect_topic(topic, {});
  audit.expect_commit("counting/0", lane.metadata());
  for (const auto& record : lane.outbox.records) Topic(record.topic).put(record).give(audit);
  OutRecord other = lane.outbox.records[0];
  other.value += "x";
  audit.expect_output(other);
  OutRecord more = lane.outbox.records.back();
  more.sequence += 100;
  audit.expect_output(more);
  audit.end_outputs("counting/0");
  const auto report = audit.finish();
  EXPECT_EQ(count(report, Fault::kOracleDiffers), 1u);
  EXPECT_EQ(count(report, Fault::kOracleMissing), 1u);
  EXPECT_EQ(count(report, Fault::kOracleExtra), lane.outbox.records.size() - 1);
}

TEST(Audit, knows_the_incarnation_of_a_lane_only_when_there_is_one) {
  Audit audit(Delivery::kExactlyOnce);
  audit.expect_topic("out", {});
  EXPECT_EQ(audit.incarnation_of("sizes/0"), 0u);
  Topic().put(1, "a", 1, 0, 3).give(audit);
  EXPECT_EQ(audit.incarnation_of("sizes/0"), 3u);
  Topic().put(2, "b", 1, 0, 4).give(audit);
  EXPECT_EQ(audit.incarnation_of("sizes/0"), 0u);
}

}  // namespace
}  // namespace headroom
