#include "policy/offset_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

namespace headroom {
namespace {

using Learned = OffsetTimes::Learned;

constexpr int64_t kStart = 1'700'000'000'000;

// A whole log, which answers as a broker does. Offsets of holes (markers, compacted records) have no stamp.
struct Log {
  static constexpr int64_t kHole = -1;
  std::vector<int64_t> stamps;

  Offset end() const { return static_cast<Offset>(stamps.size()); }
  // The first record with this stamp or a later one; the end when there is none.
  Offset look_up(int64_t time_ms) const {
    return std::find_if(stamps.begin(), stamps.end(), [&](int64_t s) { return s >= time_ms; }) - stamps.begin();
  }
  Offset last_before(Offset offset) const {
    do --offset;
    while (offset >= 0 && stamps[static_cast<size_t>(offset)] == kHole);
    return offset;
  }
  Offset first_from(Offset offset) const {
    while (offset < end() && stamps[static_cast<size_t>(offset)] == kHole) ++offset;
    return offset;
  }
  int64_t time_before(Offset offset) const { return stamps.at(static_cast<size_t>(last_before(offset))); }
  ReadRecord read_before(Offset offset) const {
    const Offset at = last_before(offset);
    return {at, first_from(at + 1), stamps.at(static_cast<size_t>(at))};
  }
};

Learned look_up(OffsetTimes& times, const Log& log, int64_t time_ms) {
  const Offset found = log.look_up(time_ms);
  return found == log.end() ? times.looked_up_none(time_ms, log.end()) : times.looked_up(time_ms, found);
}

// Asks until the offset's time is known to a second; how many look-ups that took.
int hunt(OffsetTimes& times, const Log& log, Offset offset, int64_t now_ms) {
  int round = 0;
  while (const auto time_ms = times.to_look_up(offset, now_ms, round)) {
    EXPECT_EQ(look_up(times, log, *time_ms), Learned::kFits);
    if (++round > 100) break;
  }
  return round;
}

Log steady(int records, int64_t step_ms) {
  Log log;
  for (int i = 0; i < records; ++i) log.stamps.push_back(kStart + i * step_ms);
  return log;
}

TEST(OffsetTimes, knows_nothing_at_first) {
  const OffsetTimes times;
  EXPECT_FALSE(times.before(5).has_value());
  EXPECT_FALSE(times.at_or_after(5).has_value());
  EXPECT_FALSE(times.is_empty(5, 6));
  EXPECT_TRUE(times.is_empty(6, 6));
}

TEST(OffsetTimes, a_read_record_is_exact_up_to_the_next_one) {
  OffsetTimes times;
  EXPECT_EQ(times.read({10, 14, 1000}), Learned::kFits);
  for (Offset offset = 11; offset <= 14; ++offset) {
    const auto known = times.before(offset);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->time_ms, 1000);
    EXPECT_EQ(known->error_ms, 0);
    EXPECT_EQ(known->quality, LagQuality::kExact);
  }
  EXPECT_FALSE(times.before(10).has_value());
  EXPECT_FALSE(times.before(15).has_value());
}

TEST(OffsetTimes, tells_markers_after_the_last_record_from_data) {
  OffsetTimes times;
  (void)times.read({10, 14, 1000});
  EXPECT_TRUE(times.is_empty(11, 14));
  EXPECT_FALSE(times.is_empty(11, 15));
  EXPECT_FALSE(times.at_or_after(11).has_value());
  (void)times.read({14, 15, 1500});
  EXPECT_EQ(times.at_or_after(11), 1500);
  EXPECT_EQ(times.at_or_after(14), 1500);
}

TEST(OffsetTimes, interpolates_between_look_ups_and_says_how_far_it_may_be_off) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  (void)times.looked_up(20'000, 200);
  const auto known = times.before(151);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->quality, LagQuality::kBracketed);
  EXPECT_NEAR(static_cast<double>(known->time_ms), 15'000, 2);
  EXPECT_GE(known->error_ms, 4'999);
  EXPECT_FALSE(times.before(100).has_value()) << "stamped before 10,000, and who knows how long";
  EXPECT_FALSE(times.before(201).has_value());
}

TEST(OffsetTimes, two_seconds_of_doubt_are_within_one_of_the_middle) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  (void)times.looked_up(12'000, 200);
  for (const Offset offset : {101, 150, 200}) {
    const auto known = times.before(offset);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->quality, LagQuality::kInterpolated);
    EXPECT_LE(known->error_ms, 1000);
  }
}

TEST(OffsetTimes, interpolation_is_never_called_exact) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  (void)times.looked_up(10'001, 101);
  const auto known = times.before(101);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->error_ms, 0);
  EXPECT_EQ(known->quality, LagQuality::kInterpolated);
}

TEST(OffsetTimes, a_look_up_that_found_nothing_says_nothing_of_what_came_later) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  (void)times.looked_up_none(11'000, 200);
  (void)times.looked_up_none(16'000, 300);
  const auto known = times.before(300);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->time_ms + known->error_ms >= 15'999, true);
  EXPECT_LE(known->time_ms - known->error_ms, 10'000) << "record 200 may bear a stamp of before 11,000";
}

TEST(OffsetTimes, a_commit_inside_the_table_costs_no_look_up) {
  const Log log = steady(100'000, 10);
  const int64_t now_ms = kStart + 1'000'000;
  OffsetTimes times;
  hunt(times, log, 70'000, now_ms);
  EXPECT_EQ(hunt(times, log, 70'000, now_ms), 0);
  EXPECT_EQ(hunt(times, log, 70'010, now_ms), 0);
}

TEST(OffsetTimes, finds_a_place_an_hour_back_with_few_look_ups_at_a_constant_rate) {
  const Log log = steady(400'000, 10);
  OffsetTimes times;
  EXPECT_LE(hunt(times, log, 40'000, kStart + 4'000'000), 12);
  const auto known = times.before(40'000);
  ASSERT_TRUE(known);
  EXPECT_LE(std::abs(known->time_ms - log.time_before(40'000)), 1000);
}

TEST(OffsetTimes, finds_by_look_ups_what_was_written_since_the_cycle_began) {
  const Log log = steady(1000, 100);
  OffsetTimes times;
  hunt(times, log, 1000, log.stamps.back() - 1500);
  ASSERT_TRUE(times.before(1000).has_value());
  EXPECT_EQ(times.before(1000)->quality, LagQuality::kInterpolated);
  EXPECT_LE(std::abs(times.before(1000)->time_ms - log.stamps.back()), 1000);
  OffsetTimes further;
  hunt(further, log, 1000, log.stamps.back() - 2500);
  EXPECT_FALSE(further.before(1000).has_value()) << "a clock that is ahead is not believed without a read";
}

TEST(OffsetTimes, marks_a_partition_where_a_stamp_far_ahead_hides_what_follows) {
  Log log = steady(1000, 100);
  log.stamps[500] = kStart + 3'600'000;
  const int64_t now_ms = kStart + 100'000;
  OffsetTimes times;
  hunt(times, log, 900, now_ms);
  EXPECT_EQ(times.read(log.read_before(900)), Learned::kDiffers);
  EXPECT_TRUE(times.read_only());
  EXPECT_EQ(times.before(900)->quality, LagQuality::kExact);
  EXPECT_FALSE(times.before(800).has_value()) << "look-ups are no longer believed";
  EXPECT_FALSE(times.to_look_up(800, now_ms, 0).has_value());
  EXPECT_EQ(times.bounds(400, 1000), Learned::kFits);
  EXPECT_TRUE(times.read_only());
  EXPECT_EQ(times.bounds(901, 1000), Learned::kFits);
  EXPECT_FALSE(times.read_only()) << "that place has left the log";
}

TEST(OffsetTimes, a_second_of_disorder_is_no_reason_to_mark) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  EXPECT_EQ(times.read({120, 121, 9'000}), Learned::kFits);
  EXPECT_EQ(times.read({130, 131, 8'999}), Learned::kDiffers);
}

TEST(OffsetTimes, drops_everything_when_the_end_falls) {
  OffsetTimes times;
  EXPECT_EQ(times.bounds(0, 100), Learned::kFits);
  (void)times.read({10, 11, 1000});
  EXPECT_EQ(times.bounds(0, 100), Learned::kFits);
  EXPECT_EQ(times.bounds(0, 99), Learned::kMadeAnew);
  EXPECT_FALSE(times.before(11).has_value());
}

TEST(OffsetTimes, drops_everything_when_a_known_record_bears_another_stamp) {
  OffsetTimes times;
  (void)times.bounds(0, 100);
  (void)times.looked_up(500, 5);
  (void)times.read({10, 11, 1000});
  (void)times.read({20, 21, 2000});
  EXPECT_EQ(times.read({10, 11, 1000}), Learned::kFits);
  EXPECT_EQ(times.read({10, 11, 1001}), Learned::kMadeAnew);
  EXPECT_EQ(times.before(11)->time_ms, 1001);
  EXPECT_FALSE(times.before(21).has_value());
  EXPECT_EQ(times.points(), 0u);
}

TEST(OffsetTimes, drops_everything_when_look_ups_cannot_be_of_one_log) {
  OffsetTimes times;
  (void)times.looked_up(10'000, 100);
  EXPECT_EQ(times.looked_up(11'000, 50), Learned::kMadeAnew);
  EXPECT_EQ(times.points(), 1u);
  EXPECT_EQ(times.read({40, 41, 12'000}), Learned::kMadeAnew) << "all before 50 are stamped before 11,000";
}

TEST(OffsetTimes, is_bounded_and_sparser_the_older) {
  const Log log = steady(200'000, 100);
  OffsetTimes times({.points = 32, .reads = 8});
  for (int64_t time_ms = kStart; time_ms < kStart + 20'000'000; time_ms += 200'000) look_up(times, log, time_ms);
  EXPECT_LE(times.points(), 4u * 32);
  const Offset in_use[] = {20'000};
  times.settle(in_use);
  EXPECT_EQ(times.points(), 32u);
  const auto recent = times.before(197'000);
  const auto middle = times.before(150'000);
  const auto old = times.before(30'000);
  ASSERT_TRUE(recent && middle && old);
  EXPECT_LT(recent->error_ms, middle->error_ms);
  EXPECT_LT(middle->error_ms, old->error_ms);
  EXPECT_LE(times.before(20'000)->error_ms, 200'000) << "what is in use goes last";
  for (Offset offset = 0; offset < 100; ++offset) (void)times.read(log.read_before(offset + 1));
  EXPECT_EQ(times.reads(), 8u);
  EXPECT_EQ(times.before(100)->quality, LagQuality::kExact) << "the newest stay";
}

// Against the truth: random logs with bursts, silences, holes and no disorder, asked of in random order while they grow.
TEST(OffsetTimes, every_answer_is_within_its_error_of_the_truth) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    OffsetTimes times({.points = 16 + seed % 60, .reads = 1 + seed % 10});
    Log log;
    int64_t stamp = kStart;
    int close = 0;
    int asked = 0;
    for (int step = 0; step < 40; ++step) {
      const int64_t pace = random() % 3 == 0 ? 300'000 : random() % 2 == 0 ? 5 : 700;
      for (auto i = random() % 60; i > 0; --i) {
        stamp += static_cast<int64_t>(random() % static_cast<uint64_t>(2 * pace));
        log.stamps.push_back(!log.stamps.empty() && random() % 8 == 0 ? Log::kHole : stamp);
      }
      if (log.stamps.empty()) continue;
      ASSERT_EQ(times.bounds(0, log.end()), Learned::kFits);
      const auto offset = static_cast<Offset>(random() % log.stamps.size()) + 1;
      if (random() % 3 == 0) {
        ASSERT_EQ(times.read(log.read_before(offset)), Learned::kFits) << seed;
      }
      hunt(times, log, offset, stamp + 1000);
      for (Offset at = 1; at <= log.end(); ++at) {
        const auto known = times.before(at);
        if (!known) continue;
        const int64_t off = std::abs(known->time_ms - log.time_before(at));
        ASSERT_LE(off, known->error_ms) << seed << " offset " << at;
        ASSERT_EQ(known->quality == LagQuality::kBracketed, known->error_ms > 1000);
        ASSERT_TRUE(known->quality != LagQuality::kExact || off == 0);
      }
      const Offset in_use[] = {offset};
      times.settle(in_use);
      ASSERT_LE(times.points(), 16 + seed % 60);
      ++asked;
      if (const auto known = times.before(offset); known && known->quality != LagQuality::kBracketed) ++close;
    }
    EXPECT_EQ(close, asked) << "every hunt ends within a second, seed " << seed;
  }
}

}  // namespace
}  // namespace headroom
