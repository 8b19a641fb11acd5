#include "worker/worker.h"

#include <gtest/gtest.h>

#include "kit/model_fleet.h"

namespace headroom::kit {
namespace {

using Fault = ModelBroker::Fault;

TEST(Worker, gives_the_oracles_outputs_when_nothing_goes_wrong) {
  ModelFleet fleet(4);
  fleet.append(2000, 1);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
  EXPECT_GT(fleet.broker.output().size(), 300u);
}

TEST(Worker, commits_a_new_lane_at_once_though_it_has_no_records) {
  ModelFleet fleet(1);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  const auto& committed = fleet.broker.offsets().at(0);
  EXPECT_EQ(committed.offset, 0);
  const auto metadata = decode_offset_metadata(committed.metadata);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata.value().epoch, 1u);
  EXPECT_EQ(metadata.value().slot, "a");
}

TEST(Worker, goes_on_after_a_crash_at_any_turn) {
  for (int crash_at = 1; crash_at < 120; crash_at += 3) {
    ModelFleet fleet(2);
    fleet.engine.batch_records = 50;
    fleet.append(1500, static_cast<uint32_t>(crash_at));
    fleet.start("a");
    fleet.step_all(crash_at);
    fleet.crash("a");
    fleet.append(300, 7);
    fleet.start("a");
    ASSERT_TRUE(fleet.settle()) << crash_at;
    ASSERT_EQ(fleet.difference(), "") << crash_at;
  }
}

TEST(Worker, another_slot_takes_over_from_a_dead_one) {
  ModelFleet fleet(3);
  fleet.append(1000, 3);
  fleet.start("a");
  fleet.step_all(40);
  fleet.start("b");
  fleet.step_all(40);
  fleet.append(1000, 4);
  fleet.step_all(5);
  fleet.crash_and_expire("a");
  for (Partition p = 0; p < 3; ++p) fleet.broker.append(p, "k", "word1", 1'800'000'000'000);
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
  for (Partition p = 0; p < 3; ++p) EXPECT_EQ(decode_offset_metadata(fleet.broker.offsets().at(p).metadata).value().slot, "b");
}

TEST(Worker, a_zombie_that_wakes_commits_nothing) {
  ModelFleet fleet(2);
  fleet.append(600, 5);
  fleet.start("a");
  fleet.step_all(30);
  auto frozen = std::move(fleet.workers.at("a"));
  fleet.workers.erase("a");
  fleet.broker.expire("a");
  fleet.append(600, 6);
  fleet.start("b");
  ASSERT_TRUE(fleet.settle());
  fleet.append(600, 7);
  for (int turn = 0; turn < 200 && frozen.last; ++turn) {
    frozen.last = frozen.worker->step(5);
    fleet.step_all(1);
  }
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, finds_out_what_became_of_a_commit_whose_answer_was_lost) {
  for (const auto fault : {Fault::kUnknownDone, Fault::kUnknownNotDone, Fault::kAborted}) {
    ModelFleet fleet(2);
    fleet.engine.batch_records = 100;
    fleet.append(2000, 8);
    fleet.start("a");
    for (int i = 0; i < 30; ++i) {
      fleet.broker.fail_next_commit(fault);
      fleet.step_all(7);
    }
    ASSERT_TRUE(fleet.settle());
    EXPECT_EQ(fleet.difference(), "");
  }
}

TEST(Worker, a_rebalance_in_order_loses_nothing_and_keeps_the_lanes_that_return) {
  ModelFleet fleet(4);
  fleet.append(1000, 9);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  const auto epoch_before = decode_offset_metadata(fleet.broker.offsets().at(0).metadata).value().epoch;
  fleet.start("b");
  fleet.append(1000, 10);
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
  EXPECT_EQ(decode_offset_metadata(fleet.broker.offsets().at(0).metadata).value().epoch, epoch_before) << "lane 0 stays with a and is kept";
  ASSERT_TRUE(fleet.workers.at("a").worker->stop(false));
  fleet.crash("a");
  fleet.append(1000, 11);
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, leaves_in_the_time_that_a_notice_gives_though_the_store_does_not_answer) {
  for (const int64_t within_ms : {int64_t{2000}, INT64_MAX}) {
    ModelFleet fleet(3);
    fleet.append(1000, 9);
    fleet.start("a");
    ASSERT_TRUE(fleet.settle());
    fleet.append(1000, 10);
    fleet.step_all(1);
    fleet.workers.at("a").store->answer_after_polls(1'000'000);
    Worker& worker = *fleet.workers.at("a").worker;
    const int64_t began = fleet.clock.steady_us();
    worker.request_stop(false, within_ms);
    ASSERT_TRUE(worker.run());
    const int64_t took_ms = (fleet.clock.steady_us() - began) / 1000;
    if (within_ms == INT64_MAX)
      EXPECT_GT(took_ms, 10'000) << "the checkpoint is waited for while there is time";
    else
      EXPECT_LE(took_ms, 2000);
    EXPECT_FALSE(fleet.broker.lists("a"));
    EXPECT_TRUE(worker.status().lanes.empty());
    fleet.crash("a");
    fleet.start("b");
    ASSERT_TRUE(fleet.settle());
    EXPECT_EQ(fleet.difference(), "");
  }
}

TEST(Worker, goes_on_while_the_store_is_away_and_after_it_has_forgotten_everything) {
  ModelFleet fleet(2);
  fleet.append(500, 12);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.store_away();
  fleet.append(500, 13);
  ASSERT_TRUE(fleet.settle());
  fleet.store_back();
  fleet.redis.flush();
  fleet.append(500, 14);
  ASSERT_TRUE(fleet.settle());
  fleet.step_all(400);
  fleet.crash("a");
  fleet.append(100, 15);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, rebuilds_from_the_log_when_a_crash_follows_a_flush) {
  ModelFleet fleet(2);
  fleet.append(800, 16);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.step_all(300);
  fleet.redis.flush();
  fleet.crash("a");
  fleet.append(200, 17);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, sends_nothing_twice_when_the_committed_offset_has_expired) {
  for (const bool with_manifest : {true, false}) {
    ModelFleet fleet(1);
    fleet.append(900, 18);
    fleet.start("a");
    ASSERT_TRUE(fleet.settle());
    ASSERT_TRUE(fleet.workers.at("a").worker->stop(false));
    fleet.crash("a");
    fleet.broker.offsets().clear();
    if (!with_manifest) fleet.redis.flush();
    fleet.append(100, 19);
    fleet.start("a");
    ASSERT_TRUE(fleet.settle());
    EXPECT_EQ(fleet.difference(), "") << with_manifest;
  }
}

TEST(Worker, begins_a_new_incarnation_when_somebody_reset_the_group) {
  ModelFleet fleet(1);
  fleet.append(900, 20);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  ASSERT_TRUE(fleet.workers.at("a").worker->stop(false));
  fleet.crash("a");
  uint64_t last = 0;
  for (const auto& r : fleet.broker.output())
    if (r.topic == "tallies") last = std::max(last, r.sequence);
  fleet.broker.offsets()[0] = {0, 300, ""};
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  std::set<uint64_t> sequences;
  for (const auto& r : fleet.broker.output()) {
    if (r.topic != "tallies") continue;
    EXPECT_TRUE(sequences.insert(r.sequence).second) << r.sequence << " twice";
    EXPECT_EQ(r.incarnation, r.sequence <= last ? 1u : 2u);
    if (r.incarnation == 2) {
      EXPECT_GE(r.input_offset, 300);
    }
  }
  EXPECT_EQ(*sequences.rbegin(), sequences.size());
  EXPECT_GT(sequences.size(), last);
}

TEST(Worker, pauses_a_lane_whose_topic_was_made_anew_until_told_to_rebuild) {
  ModelFleet fleet(2);
  fleet.append(800, 21);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash("a");
  const Offset other_lane = fleet.broker.bounds(1).end;
  fleet.broker.recreate(0);
  fleet.broker.append(0, "k", "fresh", 5);
  fleet.start("a");
  fleet.step_all(20'000);
  const auto& lanes = fleet.workers.at("a").worker->lanes();
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_EQ(lanes[0]->phase, LanePhase::kPaused);
  EXPECT_EQ(lanes[0]->pause_reason, "topic_recreated");
  EXPECT_EQ(lanes[1]->phase, LanePhase::kLive);
  EXPECT_EQ(fleet.broker.offsets().at(1).offset, other_lane);
  fleet.crash("a");
  fleet.rebuild = true;
  fleet.start("a");
  EXPECT_TRUE(fleet.settle(40'000));
  EXPECT_EQ(fleet.workers.at("a").worker->lanes()[0]->phase, LanePhase::kLive);
}

// Found by the simulator: the first death on the way through the log made the second owner send what the topics held already.
TEST(Worker, sends_nothing_again_when_it_dies_on_the_way_back_from_lost_offsets) {
  for (int crash_at = 1; crash_at < 60; crash_at += 2) {
    ModelFleet fleet(2);
    fleet.engine.batch_records = 50;
    fleet.append(1500, static_cast<uint32_t>(crash_at));
    fleet.start("a");
    ASSERT_TRUE(fleet.settle());
    fleet.crash_and_expire("a");
    fleet.broker.expire_offsets();
    fleet.redis.flush();
    fleet.append(200, 9);
    fleet.start("a");
    fleet.step_all(crash_at);
    fleet.crash_and_expire("a");
    fleet.start("b");
    ASSERT_TRUE(fleet.settle()) << crash_at;
    ASSERT_EQ(fleet.difference(), "") << crash_at;
  }
}

// The way back is longer than the outbox may be: what is not sent again must not fill it.
TEST(Worker, sends_after_lost_offsets_just_what_never_got_there) {
  ModelFleet fleet(2);
  fleet.engine.delivery = Delivery::kAtLeastOnce;
  fleet.engine.outbox_bytes = 20'000;
  fleet.append(3000, 5);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash_and_expire("a");
  fleet.broker.expire_offsets();
  fleet.redis.flush();
  fleet.broker.lose_outputs("headroom.rejected", 3);
  ASSERT_NE(fleet.difference(), "");
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, waits_for_a_store_that_is_away_when_a_known_lanes_offset_is_gone) {
  ModelFleet fleet(2);
  fleet.append(1000, 6);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.step_all(400);
  fleet.crash_and_expire("a");
  fleet.broker.expire_offsets();
  fleet.start("a");
  fleet.store_away();
  fleet.step_all(4000);
  EXPECT_TRUE(fleet.broker.offsets().empty());
  for (const auto& lane : fleet.workers.at("a").worker->lanes())
    EXPECT_NE(lane->trouble.find("checkpoint store does not answer"), std::string::npos) << lane->trouble;
  fleet.store_back();
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, says_how_many_records_retention_took_before_they_were_read) {
  struct Gaps : WorkerProbe {
    void on_gap(uint64_t records) override { missing += records; }
    uint64_t missing = 0;
  };
  ModelFleet fleet(1);
  fleet.append(300, 22);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash("a");
  const Offset committed = *fleet.broker.offsets().at(0).offset;
  fleet.append(300, 23);
  fleet.broker.delete_before(0, committed + 100);
  Gaps gaps;
  ModelSource source(fleet.broker, fleet.clock, "b");
  ModelSink sink(fleet.broker, fleet.clock, "b");
  FakeStore store(fleet.redis);
  fleet.broker.expire("a");
  WorkerOptions options;
  options.installation = "test";
  options.topology = "counting";
  options.slot = "b";
  options.run_id = "b";
  options.engine = fleet.engine;
  options.function = fleet.function;
  Worker worker(fleet.topology, options, source, sink, store, fleet.clock, gaps);
  ASSERT_TRUE(worker.start());
  for (int i = 0; i < 5000 && !fleet.settled(); ++i) ASSERT_TRUE(worker.step(5));
  EXPECT_TRUE(fleet.settled());
  EXPECT_EQ(gaps.missing, 100u);
}

TEST(Worker, stops_reading_at_the_debt_limit_and_starts_again_by_itself) {
  ModelFleet fleet(1);
  fleet.engine.max_replay_records = 200;
  fleet.engine.batch_records = 50;
  fleet.start("a");
  fleet.step_all(50);
  fleet.store_away();
  fleet.append(2000, 24);
  fleet.step_all(2000);
  EXPECT_FALSE(fleet.settled());
  EXPECT_NE(fleet.workers.at("a").worker->lanes()[0]->trouble.find("replay debt"), std::string::npos);
  fleet.store_back();
  EXPECT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

TEST(Worker, another_function_goes_on_from_the_committed_sequences) {
  ModelFleet fleet(1);
  fleet.append(500, 25);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash("a");
  fleet.function = 8;
  fleet.append(500, 26);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
  EXPECT_EQ(decode_offset_metadata(fleet.broker.offsets().at(0).metadata).value().function, 8u);
}

// A record that kills its worker, as the worker's successors see it: the mark says that the last owner died, and where.
TEST(Worker, pauses_before_a_record_that_has_killed_three_times_and_passes_it_when_told) {
  ModelFleet fleet(2);
  fleet.append(400, 27);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash("a");
  const Offset poison = fleet.broker.append(0, "k", "word1", 1'700'000'900'000);
  fleet.append(200, 28);
  fleet.redis.lanes["test.counting/0"].mark = AttemptMark{poison, 2};
  fleet.start("a");
  fleet.step_all(2000);
  const auto& lane = fleet.workers.at("a").worker->lanes()[0];
  EXPECT_EQ(lane->phase, LanePhase::kPaused);
  EXPECT_EQ(lane->pause_reason, "poison_record");
  EXPECT_EQ(fleet.broker.offsets().at(0).offset, poison) << "everything before it is committed";
  EXPECT_EQ(fleet.broker.offsets().at(1).offset, fleet.broker.bounds(1).end) << "the other lane goes on";
  fleet.redis.lanes["test.counting/0"].skips.insert(poison);
  ASSERT_TRUE(fleet.settle(5000));
  bool on_record = false;
  for (const auto& r : fleet.broker.output())
    for (const auto& [name, value] : r.headers) on_record |= name == "reason" && value == "skipped" && r.input_offset == poison;
  EXPECT_TRUE(on_record);
}

TEST(Worker, counts_deaths_at_one_record_through_the_marks_it_leaves) {
  ModelFleet fleet(1);
  fleet.append(100, 29);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.crash("a");
  EXPECT_TRUE(fleet.redis.lanes["test.counting/0"].mark.has_value()) << "a death leaves the mark";
  fleet.start("a");
  fleet.append(10, 30);
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.redis.lanes["test.counting/0"].mark->deaths, 1) << "after a death records are announced one by one";
  ASSERT_TRUE(fleet.workers.at("a").worker->stop(false));
  EXPECT_FALSE(fleet.redis.lanes["test.counting/0"].mark.has_value()) << "a stop in order takes the mark away";
}

TEST(Worker, ends_the_open_transaction_of_a_dead_owner_in_its_name) {
  ModelFleet fleet(1);
  fleet.append(300, 31);
  fleet.start("a");
  ASSERT_TRUE(fleet.settle());
  fleet.broker.expire("a");
  fleet.broker.leave_open("a", {{0, 5, "x"}});
  fleet.crash("a");
  fleet.append(300, 32);
  fleet.start("b");
  ASSERT_TRUE(fleet.settle());
  EXPECT_EQ(fleet.difference(), "");
}

}  // namespace
}  // namespace headroom::kit
