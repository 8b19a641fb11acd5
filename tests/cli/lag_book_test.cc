#include "cli/lag_book.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace headroom {
namespace {

constexpr int64_t kDay = 24 * 3'600'000;

LagPartition known_partition() {
  LagPartition partition({});
  partition.available = true;
  partition.start = 10;
  partition.end = 100;
  partition.stable = 90;
  (void)partition.times.bounds(10, 100);
  (void)partition.times.read({89, 90, 5000});
  (void)partition.times.read({49, 50, 3000});
  return partition;
}

LagSample sample_of(const LagPartition& partition, std::optional<Offset> committed, bool uncommitted = false, bool compacts = false) {
  LagSample sample;
  sample.observed_ms = 6000;
  fill_times(sample, partition, committed, uncommitted, compacts);
  return sample;
}

TEST(LagBook, tells_nothing_of_a_partition_that_is_not_available) {
  LagPartition partition = known_partition();
  partition.available = false;
  const LagSample sample = sample_of(partition, 50);
  EXPECT_EQ(sample.committed_offset, 50);
  EXPECT_FALSE(sample.end_offset || sample.log_start_offset || sample.last_stable_offset || sample.consumed_time_ms || sample.end_time_ms);
  EXPECT_EQ(sample.quality, LagQuality::kUnknown);
}

TEST(LagBook, takes_the_end_from_where_the_group_can_read_to) {
  LagPartition partition = known_partition();
  (void)partition.times.read({99, 100, 5900});
  EXPECT_EQ(sample_of(partition, 50).end_time_ms, 5000);
  EXPECT_EQ(sample_of(partition, 50, true).end_time_ms, 5900);
}

TEST(LagBook, a_commit_at_or_past_the_end_has_consumed_the_most_recent_record) {
  for (const Offset committed : {90, 95, 1000}) {
    const LagSample sample = sample_of(known_partition(), committed);
    EXPECT_EQ(sample.consumed_time_ms, 5000);
    EXPECT_EQ(sample.end_time_ms, 5000);
    EXPECT_FALSE(sample.unread_time_ms.has_value());
    EXPECT_EQ(sample.quality, LagQuality::kExact);
  }
}

TEST(LagBook, a_commit_behind_which_only_markers_stand_has_no_lag) {
  LagPartition partition = known_partition();
  (void)partition.times.read({84, 90, 4900});
  partition.times = OffsetTimes();
  (void)partition.times.read({84, 90, 4900});
  const LagSample sample = sample_of(partition, 86);
  EXPECT_EQ(sample.consumed_time_ms, 4900);
  EXPECT_EQ(sample.end_time_ms, 4900);
  EXPECT_FALSE(sample.unread_time_ms.has_value());
}

TEST(LagBook, look_ups_do_not_tell_what_is_read_next_where_offsets_have_holes) {
  LagPartition partition = known_partition();
  (void)partition.times.looked_up(3500, 55);
  (void)partition.times.looked_up(3600, 70);
  EXPECT_TRUE(sample_of(partition, 60).unread_time_ms.has_value());
  const LagSample sample = sample_of(partition, 60, false, true);
  EXPECT_EQ(sample.quality, LagQuality::kInterpolated);
  EXPECT_FALSE(sample.unread_time_ms.has_value()) << "there may be no record before 70";
  (void)partition.times.read({56, 70, 3520});
  (void)partition.times.read({70, 71, 3900});
  EXPECT_EQ(sample_of(partition, 60, false, true).unread_time_ms, 3900);
}

TEST(LagBook, counts_lost_records_and_says_what_will_be_read_first) {
  LagPartition partition = known_partition();
  (void)partition.times.read({10, 11, 1000});
  const LagSample sample = sample_of(partition, 4);
  EXPECT_EQ(sample.lost_records, 6);
  EXPECT_EQ(sample.unread_time_ms, 1000);
  EXPECT_FALSE(sample.consumed_time_ms.has_value());
  EXPECT_FALSE(sample_of(partition, 10).lost_records.has_value());
}

TEST(LagBook, says_how_far_the_last_stamp_is_ahead) {
  LagPartition partition = known_partition();
  (void)partition.times.read({90, 91, 9000});
  partition.stable = 91;
  EXPECT_EQ(sample_of(partition, 50).skew_ms, 3000);
  EXPECT_FALSE(sample_of(known_partition(), 50).skew_ms.has_value());
}

TEST(LagBook, guesses_do_not_make_a_consumer_ahead_of_the_log) {
  LagPartition partition({});
  partition.available = true;
  partition.end = partition.stable = 100;
  (void)partition.times.looked_up(10'000, 50);
  (void)partition.times.looked_up_none(14'000, 100);
  (void)partition.times.read({99, 100, 10'100});
  const LagSample sample = sample_of(partition, 99);
  ASSERT_TRUE(sample.consumed_time_ms && sample.end_time_ms);
  EXPECT_LE(*sample.consumed_time_ms, *sample.end_time_ms);
  EXPECT_GE(sample.consumed_time_error_ms, 1000) << "the guess was far off, and that is said";
}

TEST(LagBook, dates_an_open_transaction_by_its_first_record_or_by_when_it_was_first_seen) {
  LagPartition partition = known_partition();
  partition.held_at = 90;
  partition.held_since_ms = 5800;
  EXPECT_EQ(sample_of(partition, 50).open_transaction_ms, 200);
  (void)partition.times.read({90, 91, 5500});
  EXPECT_EQ(sample_of(partition, 50).open_transaction_ms, 500);
}

class LagBookOfGroups : public ::testing::Test {
 protected:
  LagGroup& serve(const std::string& name, int64_t now_ms) {
    LagGroup* group = book.watched(name, now_ms);
    group->served = true;
    group->last_useful_ms = now_ms;
    return *group;
  }
  std::vector<std::pair<std::string, std::string>> forget(int64_t now_ms) {
    std::vector<std::pair<std::string, std::string>> told;
    book.forget(now_ms, [&](const std::string&, const LagForgotten& one) { told.emplace_back(one.group, one.reason); });
    return told;
  }

  LagSourceConfig config;
  LagBook book{config, "prod", "a"};
};

TEST_F(LagBookOfGroups, forgets_a_group_that_a_minute_of_listings_did_not_name) {
  serve("a", 0).absent_cycles = 11;
  EXPECT_TRUE(forget(60'000).empty());
  book.groups.at("a").absent_cycles = 12;
  EXPECT_EQ(forget(60'000), (std::vector<std::pair<std::string, std::string>>{{"a", "deleted"}}));
  EXPECT_TRUE(book.groups.empty());
}

TEST_F(LagBookOfGroups, forgets_a_group_that_has_had_neither_offsets_nor_members_for_a_week) {
  serve("a", 0);
  serve("b", kDay);
  EXPECT_TRUE(forget(7 * kDay).empty());
  EXPECT_EQ(forget(7 * kDay + 1), (std::vector<std::pair<std::string, std::string>>{{"a", "unseen"}}));
}

TEST_F(LagBookOfGroups, gives_no_sample_of_a_group_that_did_not_answer) {
  serve("a", 0).committed[{"t", 0}] = 5;
  serve("b", 0).committed[{"t", 0}] = 6;
  book.groups.at("b").served = false;
  book.use_places(1);
  std::vector<std::string> groups;
  book.each_sample(1, 1000, [&](const std::string&, const LagSample& sample) { groups.emplace_back(sample.group); });
  EXPECT_EQ(groups, (std::vector<std::string>{"a"}));
}

TEST_F(LagBookOfGroups, drops_partitions_that_no_group_has_had_for_a_while) {
  serve("a", 0).committed[{"t", 0}] = 5;
  book.use_places(1);
  book.groups.clear();
  book.use_places(121);
  EXPECT_EQ(book.partitions.size(), 1u);
  book.use_places(122);
  EXPECT_TRUE(book.partitions.empty());
}

}  // namespace
}  // namespace headroom
