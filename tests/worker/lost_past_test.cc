#include <gtest/gtest.h>

#include "kit/model_fleet.h"
#include "worker/worker.h"

// What is done where something of a lane's past is gone: the log's beginning, the group's offset, pages. All of it was found by the
// simulator.
namespace headroom::kit {
namespace {

// Empty when each lane's sequences to each topic are 1, 2, 3, ...
std::string hole_in_sequences(const ModelFleet& fleet) {
  std::map<std::pair<std::string, std::string>, uint64_t> last;
  for (const auto& record : fleet.broker.output())
    if (record.sequence != ++last[{record.lane, record.topic}]) return record.lane + " " + record.topic + ": " + record.value;
  return {};
}

// After a has started, committed everything and had time for a checkpoint.
bool has_checkpoint(ModelFleet& fleet) {
  fleet.start("a");
  if (!fleet.settle()) return false;
  fleet.step_all(400);
  return fleet.redis.lanes.begin()->second.manifest.has_value();
}

TEST(LostPast, numbers_go_on_after_the_output_topics_when_nothing_else_is_left) {
  ModelFleet fleet(1);
  fleet.append(600, 31);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  const size_t before = fleet.broker.output().size();
  fleet.crash_and_expire("a");
  fleet.broker.expire_offsets();
  fleet.redis.flush();
  fleet.broker.delete_before(0, fleet.broker.bounds(0).end - 100);
  fleet.append(300, 32);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_GT(fleet.broker.output().size(), before + 20);
  EXPECT_EQ(hole_in_sequences(fleet), "");
}

TEST(LostPast, numbers_begin_at_one_though_a_group_was_set_past_records_that_never_gave_outputs) {
  ModelFleet fleet(1);
  fleet.append(300, 33);
  fleet.broker.reset_offset(0, 200);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_GT(fleet.broker.output().size(), 10u);
  EXPECT_EQ(hole_in_sequences(fleet), "");
}

// The last owner's last checkpoint arrives while its successor loads the one before, whose pages it replaces.
TEST(LostPast, a_checkpoint_replaced_while_it_is_loaded_is_loaded_anew) {
  ModelFleet fleet(1);
  fleet.append(1000, 34);
  ASSERT_TRUE(has_checkpoint(fleet));
  const std::string first = fleet.redis.lanes.begin()->second.manifest->owner;
  fleet.append(200, 35);
  ASSERT_TRUE(fleet.settle());
  // The pages of its next checkpoint got there, its flip is on its way when it dies.
  auto& lane = *fleet.workers.at("a").worker->lanes().front();
  for (int i = 0; i < 4000 && !lane.checkpoint.flip_sent; ++i) fleet.step_all(1);
  ASSERT_TRUE(lane.checkpoint.flip_sent);
  const auto in_flight = fleet.workers.at("a").store->in_flight();
  fleet.crash_and_expire("a");

  fleet.start("b");
  fleet.workers.at("b").store->answer_after_polls(3);
  const auto& next = fleet.workers.at("b").worker->lanes();
  for (int i = 0; i < 4000 && (next.empty() || next.front()->phase != LanePhase::kPages); ++i) fleet.step_all(1);
  ASSERT_EQ(next.front()->phase, LanePhase::kPages);
  for (const auto& effect : in_flight) effect();
  ASSERT_NE(fleet.redis.lanes.begin()->second.manifest->owner, first);
  fleet.append(100, 36);
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
  EXPECT_LT(fleet.probe.replayed, 200u);  // not from the log's start
}

// A topic made anew; the first checkpoint of the new incarnation never came about.
TEST(LostPast, the_checkpoint_of_an_older_incarnation_is_not_used) {
  ModelFleet fleet(1);
  fleet.append(300, 37);
  ASSERT_TRUE(has_checkpoint(fleet));
  fleet.crash_and_expire("a");
  const size_t before = fleet.broker.output().size();
  fleet.broker.recreate(0);
  fleet.append(200, 38);
  fleet.rebuild = true;
  fleet.start("a");
  const auto has = [&] { return fleet.broker.offsets().at(0).offset.value_or(0) > 0 && fleet.broker.output().size() > before; };
  for (int i = 0; i < 40'000 && !has(); ++i) {
    fleet.step_all(1);
    // Reads are answered, writes are not.
    fleet.workers.at("a").store->refuse_writes(Code::kExhausted);
  }
  ASSERT_TRUE(has());
  ASSERT_TRUE(fleet.settle());
  fleet.append(400, 39);  // well past where the old checkpoint was
  ASSERT_TRUE(fleet.settle());
  fleet.crash_and_expire("a");
  fleet.rebuild = false;
  fleet.start("a");
  fleet.append(100, 40);
  ASSERT_TRUE(fleet.settle());

  const auto want = fleet.oracle(0);
  std::vector<std::string> wanted;
  std::vector<std::string> had;
  const auto without_number = [](const std::string& value) { return value.substr(0, value.rfind(" #")); };
  for (const auto& record : want)
    if (record.topic == "tallies") wanted.push_back(without_number(record.value));
  for (size_t i = before; i < fleet.broker.output().size(); ++i)
    if (fleet.broker.output()[i].topic == "tallies") had.push_back(without_number(fleet.broker.output()[i].value));
  EXPECT_EQ(had, wanted);
  EXPECT_EQ(hole_in_sequences(fleet), "");
}

// A group was set back; the first checkpoint of the new incarnation never came about. The older one is of the same log, whose beginning is
// gone.
TEST(LostPast, the_checkpoint_of_an_older_incarnation_of_the_same_log_is_used) {
  ModelFleet fleet(1);
  fleet.append(300, 41);
  ASSERT_TRUE(has_checkpoint(fleet));
  const auto lane = fleet.redis.lanes.begin();
  const auto older = lane->second;
  fleet.append(200, 42);
  ASSERT_TRUE(fleet.settle());
  fleet.crash_and_expire("a");
  lane->second = older;
  const Offset at = fleet.broker.bounds(0).end - 100;
  fleet.broker.reset_offset(0, at);
  fleet.start("a");
  fleet.workers.at("a").store->refuse_writes(Code::kExhausted);
  ASSERT_TRUE(fleet.settle());
  const auto metadata = decode_offset_metadata(fleet.broker.offsets().at(0).metadata);
  ASSERT_TRUE(metadata);
  ASSERT_EQ(metadata.value().incarnation, 2u);
  fleet.crash_and_expire("a");
  fleet.broker.delete_before(0, 200);
  fleet.append(100, 43);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_GT(fleet.probe.replayed, 100u);  // from the checkpoint on, not from the log's new start
  EXPECT_LT(fleet.probe.replayed, 205u);
  EXPECT_EQ(hole_in_sequences(fleet), "");
}

}  // namespace
}  // namespace headroom::kit
