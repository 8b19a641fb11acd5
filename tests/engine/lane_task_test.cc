#include "engine/lane_task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include "engine/checkpoint.h"
#include "tests/engine/fixtures.h"

namespace headroom {
namespace {

using fixtures::totals;

// Feeds records one by one and keeps what came out.
struct Lane {
  std::unique_ptr<Task> task;
  Outbox out;

  explicit Lane(const Topology& topology) : task(topology.make_task({"test", topology.name(), 2, 1})) {}
  void feed(Offset offset, std::string_view key, std::string_view value, int64_t timestamp_ms = 50) {
    const Record record{offset, timestamp_ms, key, value};
    task->process({2, {&record, 1}, offset + 1}, out);
  }
  std::vector<OutRecord> of(std::string_view topic) const {
    std::vector<OutRecord> some;
    for (const auto& record : out.records)
      if (record.topic == topic) some.push_back(record);
    return some;
  }
  uint64_t rejected(std::string_view reason) const {
    for (const auto& [name, count] : task->counts().rejected)
      if (name == reason) return count;
    return 0;
  }
};

std::string header(const OutRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers)
    if (key == name) return value;
  return "(none)";
}

TEST(LaneTask, numbers_each_topic_without_gaps) {
  Lane lane(totals({}, {.every = 1}));
  for (int i = 0; i < 50; ++i) lane.feed(i, "a", i % 5 == 0 ? "bad" : "10 2");
  for (const char* topic : {"sums", "echoes", "headroom.rejected"}) {
    uint64_t sequence = 0;
    for (const auto& record : lane.of(topic)) EXPECT_EQ(record.sequence, ++sequence) << topic;
    EXPECT_GE(sequence, 10u);
    const auto& outputs = lane.task->progress().outputs;
    const auto at = std::find_if(outputs.begin(), outputs.end(), [&](const OutputProgress& output) { return output.topic == topic; });
    ASSERT_NE(at, outputs.end());
    EXPECT_EQ(at->sequence, sequence);
  }
}

TEST(LaneTask, orders_the_sinks_of_one_topic_by_input_then_by_sink) {
  Lane lane(totals({}, {.every = 1}));
  const Record records[] = {{0, 0, "a", "1 1"}, {1, 0, "b", "2 2"}};
  lane.task->process({2, records, 2}, lane.out);
  std::vector<std::string> keys;
  for (const auto& record : lane.of("echoes")) keys.push_back(record.key + "@" + std::to_string(record.input_offset));
  EXPECT_EQ(keys, (std::vector<std::string>{"a@0", "a@0", "b@1", "b+@1", "b@1"}));
}

TEST(LaneTask, drops_and_counts_records_below_the_next_offset) {
  Lane lane(totals());
  lane.feed(5, "a", "1 1");
  lane.feed(5, "a", "1 1");
  lane.feed(3, "a", "1 1");
  EXPECT_EQ(lane.task->counts().repeated_offsets, 2u);
  EXPECT_EQ(lane.task->counts().records, 1u);
  EXPECT_EQ(lane.task->progress().next_offset, 6);
}

TEST(LaneTask, follows_the_position_over_holes) {
  Lane lane(totals());
  const Record record{5, 77, "a", "1 1"};
  lane.task->process({2, {&record, 1}, 9}, lane.out);
  EXPECT_EQ(lane.task->progress().next_offset, 9);
  EXPECT_EQ(lane.task->progress().last_record_offset, 5);
  EXPECT_EQ(lane.task->progress().last_record_timestamp, 77);
  lane.task->advance_to(12);
  lane.task->advance_to(11);
  EXPECT_EQ(lane.task->progress().next_offset, 12);
  lane.task->process({2, {}, 15}, lane.out);
  EXPECT_EQ(lane.task->progress().next_offset, 15);
}

TEST(LaneTask, takes_its_time_from_values_and_ticks_never_back) {
  Lane lane(totals());
  EXPECT_EQ(lane.task->progress().time_ms, INT64_MIN);
  lane.feed(0, "a", "100 1");
  lane.feed(1, "a", "90 1");
  EXPECT_EQ(lane.task->progress().time_ms, 100);
  lane.feed(2, "", "!500");
  lane.feed(3, "", "!400");
  EXPECT_EQ(lane.task->progress().time_ms, 500);
  EXPECT_EQ(lane.task->counts().ticks, 2u);
}

TEST(LaneTask, forgets_between_two_values_of_one_record_when_a_tick_lies_between) {
  Lane lane(totals());
  lane.feed(0, "a", "0 1;0 1;!1000;1000 5;1000 5;1000 5");
  ASSERT_EQ(lane.of("sums").size(), 1u);
  EXPECT_EQ(lane.of("sums")[0].value, "1000 15/3 #1 @0");
}

TEST(LaneTask, rejects_with_the_bytes_and_the_place) {
  Lane lane(totals());
  lane.feed(7, "key", "bad;1 1;worse", 99);
  ASSERT_EQ(lane.of("headroom.rejected").size(), 1u);
  const auto record = lane.of("headroom.rejected").at(0);
  EXPECT_EQ(record.key, "key");
  EXPECT_EQ(record.value, "bad;1 1;worse");
  EXPECT_EQ(record.arrival_ms, 99);
  EXPECT_EQ(header(record, "reason"), "not_a_reading");
  EXPECT_EQ(header(record, "topic"), "readings");
  EXPECT_EQ(header(record, "partition"), "2");
  EXPECT_EQ(header(record, "offset"), "7");
  EXPECT_EQ(header(record, "indexes"), "0,2");
  EXPECT_EQ(header(record, "length"), "(none)");
  EXPECT_EQ(lane.rejected("not_a_reading"), 2u);
  EXPECT_EQ(lane.task->counts().values, 1u);
}

TEST(LaneTask, cuts_a_rejected_record_that_is_too_large_and_says_so) {
  Lane lane(totals({.max_rejected_bytes = 100}));
  lane.feed(0, std::string(70, 'k'), std::string(500, 'v'));
  const auto record = lane.of("headroom.rejected").at(0);
  EXPECT_EQ(record.key.size(), 50u);
  EXPECT_EQ(record.value.size(), 50u);
  EXPECT_EQ(header(record, "key_length"), "70");
  EXPECT_EQ(header(record, "length"), "500");
  EXPECT_EQ(header(record, "hash").size(), 16u);
}

TEST(LaneTask, writes_at_most_so_many_rejected_records_a_block_and_counts_all) {
  Lane lane(totals({.rejects_a_block = 3}));
  for (Offset offset = 1000; offset < 1034; ++offset) lane.feed(offset, "a", "bad");
  std::vector<Offset> offsets;
  for (const auto& record : lane.of("headroom.rejected")) offsets.push_back(record.input_offset);
  EXPECT_EQ(offsets, (std::vector<Offset>{1000, 1001, 1002, 1024, 1025, 1026}));
  EXPECT_EQ(lane.rejected("not_a_reading"), 34u);
}

TEST(LaneTask, rejects_skipped_offsets_always) {
  Lane lane(totals({.rejects_a_block = 0}));
  lane.task->set_skips({4, 2});
  for (Offset offset = 1; offset <= 5; ++offset) lane.feed(offset, "a", "1 1");
  ASSERT_EQ(lane.of("headroom.rejected").size(), 2u);
  EXPECT_EQ(header(lane.of("headroom.rejected")[0], "reason"), "skipped");
  EXPECT_EQ(lane.of("headroom.rejected")[1].input_offset, 4);
  EXPECT_EQ(lane.rejected("skipped"), 2u);
  EXPECT_EQ(lane.task->counts().values, 3u);
}

TEST(LaneTask, rejects_values_of_keys_beyond_the_most) {
  Lane lane(totals({.max_keys = 1}));
  lane.feed(0, "a", "1 1");
  lane.feed(1, "b", "1 1;1 1");
  lane.feed(2, "a", "1 1");
  ASSERT_EQ(lane.of("headroom.rejected").size(), 1u);
  EXPECT_EQ(header(lane.of("headroom.rejected")[0], "reason"), "too_many_keys");
  EXPECT_EQ(lane.rejected("too_many_keys"), 2u);
}

TEST(LaneTask, shows_observers_each_value_with_its_lane) {
  Topology topology("seen");
  std::vector<std::string> seen;
  from<fixtures::Reading>(topology, "readings", testing::decode_with<fixtures::Reading>(fixtures::decode_reading))
      .map("odd", [](const fixtures::Reading& in) { return in.number % 2 == 1 ? std::optional(in.number) : std::nullopt; })
      .observe("list",
               [&](const LaneIdentity& lane, const int64_t& number) { seen.push_back(lane.full_name() + ":" + std::to_string(number)); });
  Lane lane(topology);
  for (int i = 0; i < 5; ++i) lane.feed(i, "a", "1 " + std::to_string(i));
  EXPECT_EQ(seen, (std::vector<std::string>{"test.seen/2:1", "test.seen/2:3"}));
}

TEST(LaneTask, hashes_what_it_sent_so_that_another_byte_shows) {
  const auto hash_of = [](std::string_view key, std::string_view value) {
    Lane lane(totals({}, {.every = 1}));
    lane.feed(0, key, value);
    std::map<std::string, uint64_t> hashes;
    for (const auto& output : lane.task->progress().outputs) hashes[output.topic] = output.hash;
    return hashes;
  };
  EXPECT_EQ(hash_of("a", "1 1"), hash_of("a", "1 1"));
  EXPECT_NE(hash_of("a", "1 1").at("sums"), hash_of("b", "1 1").at("sums"));
  EXPECT_NE(hash_of("a", "1 1").at("sums"), hash_of("a", "1 2").at("sums"));
  EXPECT_EQ(hash_of("a", "1 1").at("headroom.rejected"), 0u);
}

TEST(LaneTask, takes_over_sequences_found_elsewhere_and_keeps_those_of_other_topics) {
  Lane lane(totals({}, {.every = 1}));
  lane.task->set_outputs({{"sums", 41, 7}, {"gone", 3, 9}});
  lane.feed(0, "a", "1 1");
  EXPECT_EQ(lane.of("sums").at(0).sequence, 42u);
  EXPECT_EQ(lane.of("echoes").at(0).sequence, 1u);
  const auto& outputs = lane.task->progress().outputs;
  ASSERT_EQ(outputs.size(), 4u);
  EXPECT_EQ(outputs[1], (OutputProgress{"gone", 3, 9}));
}

TEST(LaneTask, carries_its_incarnation) {
  Lane lane(totals({}, {.every = 1}));
  lane.task->set_incarnation(6);
  lane.feed(0, "a", "1 1");
  EXPECT_EQ(lane.of("sums").at(0).incarnation, 6u);
}

TEST(LaneTask, is_as_new_after_a_reset) {
  const Topology topology = totals({}, {.every = 1});
  Lane used(topology);
  Lane fresh(topology);
  for (int i = 0; i < 100; ++i) used.feed(i, std::to_string(i), i % 9 == 0 ? "bad" : "5 1");
  used.task->reset();
  used.out.clear();
  for (Lane* lane : {&used, &fresh})
    for (int i = 0; i < 100; ++i) lane->feed(i, std::to_string(i), "5 1");
  EXPECT_EQ(used.out.records, fresh.out.records);
  EXPECT_EQ(used.task->save_core(), fresh.task->save_core());
}

// ---- restore

Checkpoint checkpoint_of(Task& task) {
  Checkpoint checkpoint;
  take_checkpoint(task, true, checkpoint);
  return checkpoint;
}

Lane filled(const Topology& topology) {
  Lane lane(topology);
  for (int i = 0; i < 300; ++i) lane.feed(i, "key-" + std::to_string(i % 70), i % 11 == 0 ? "bad" : "5 2");
  return lane;
}

struct Newer : fixtures::Summing {
  static constexpr uint32_t kStateVersion = 2;
};

TEST(LaneTask, refuses_a_core_of_other_state_versions_or_formats_as_schema) {
  Lane lane = filled(totals());
  Topology topology("totals");
  from<fixtures::Reading>(topology, "readings", testing::decode_with<fixtures::Reading>(fixtures::decode_reading)).then("summing", Newer{});
  EXPECT_EQ(topology.make_task({})->load_core(lane.task->save_core()).code(), Code::kSchema);
  std::string other = lane.task->save_core();
  other[3] = '9';
  EXPECT_EQ(lane.task->load_core(other).code(), Code::kSchema);
}

TEST(LaneTask, starts_an_added_operator_empty_and_drops_the_states_of_a_removed_one) {
  const auto decoder = testing::decode_with<fixtures::Reading>(fixtures::decode_reading);
  Topology first("totals");
  from<fixtures::Reading>(first, "readings", decoder).then("old", fixtures::Summing{}).then("kept", fixtures::Echo{});
  Topology second("totals");
  from<fixtures::Reading>(second, "readings", decoder)
      .then("added", fixtures::Summing{})
      .then("kept", fixtures::Echo{})
      .to("out", fixtures::encode_total);

  Lane before = filled(first);
  Checkpoint checkpoint = checkpoint_of(*before.task);
  const uint64_t kept_keys = before.task->stores()[1]->key_count();
  ASSERT_EQ(kept_keys, 1u);

  Lane after(second);
  ASSERT_TRUE(restore_checkpoint(checkpoint, *after.task).is_ok());
  const auto stores = after.task->stores();
  ASSERT_EQ(stores.size(), 3u);
  EXPECT_EQ(stores[0]->name(), "old");
  EXPECT_EQ(stores[1]->name(), "kept");
  EXPECT_EQ(stores[1]->key_count(), kept_keys);
  EXPECT_EQ(stores[2]->name(), "added");
  EXPECT_EQ(stores[2]->key_count(), 0u);
  EXPECT_EQ(after.task->counts().dropped_stores, 1u);

  // The next checkpoint empties the dropped pages, and the one after that comes back without a word of them.
  take_checkpoint(*after.task, false, checkpoint);
  for (const auto& page : checkpoint.pages) EXPECT_EQ(page.first.store, 1u);
  take_checkpoint(*after.task, false, checkpoint);
  Lane again(second);
  ASSERT_TRUE(restore_checkpoint(checkpoint, *again.task).is_ok());
  EXPECT_EQ(again.task->counts().dropped_stores, 0u);
}

TEST(LaneTask, refuses_a_checkpoint_with_a_page_missing) {
  Lane lane = filled(totals());
  Checkpoint checkpoint = checkpoint_of(*lane.task);
  checkpoint.pages.erase(checkpoint.pages.begin());
  Lane other(totals());
  EXPECT_EQ(restore_checkpoint(checkpoint, *other.task).code(), Code::kCorrupt);
  EXPECT_EQ(other.task->stores()[0]->key_count(), 0u);
}

TEST(LaneTask, refuses_every_truncated_or_changed_core) {
  Lane lane = filled(totals());
  const std::string core = lane.task->save_core();
  Lane other(totals());
  std::mt19937_64 random(1);
  for (size_t at = 0; at < core.size(); ++at) {
    ASSERT_FALSE(other.task->load_core(std::string_view(core).substr(0, at)).is_ok()) << at;
    std::string changed = core;
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + random() % 255));
    ASSERT_FALSE(other.task->load_core(changed).is_ok()) << at;
  }
  EXPECT_TRUE(other.task->load_core(core).is_ok());
}

TEST(LaneTask, survives_mutated_cores_whose_checksum_holds) {
  Lane lane = filled(totals());
  const std::string core = lane.task->save_core();
  std::mt19937_64 random(2);
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = core;
    for (uint64_t change = random() % 3 + 1; change > 0; --change) {
      const size_t at = 12 + random() % (changed.size() - 12);
      if (random() % 4 == 0 && changed.size() > 30)
        changed.erase(at, random() % 4);
      else
        changed[at] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
      if (changed.size() <= 12) changed.resize(13);
    }
    const uint64_t checksum = KeyedStore::hash({std::string_view(changed).substr(12), {}});
    std::memcpy(changed.data() + 4, &checksum, sizeof checksum);
    Lane other(totals());
    refused += other.task->load_core(changed).is_ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 3'000u);
  EXPECT_LT(refused, 20'000u);
}

}  // namespace
}  // namespace headroom
