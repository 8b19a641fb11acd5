#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/lag_board.h"
#include "cli/lag_explain.h"
#include "cli/lag_table.h"
#include "lag_standings.h"
#include "run_binary.h"

namespace headroom::testing {
namespace {

std::vector<LagRow> rows_of(std::initializer_list<LagStanding> standings, Partition on = 0) {
  LagBoard board;
  const LagObservers observers = board.observers();
  for (const auto& s : standings) observers.partition(lane(on), s);
  observers.partition(lane(on), end_of_tick());
  return board.rows();
}

TEST(LagBoard, adds_up_what_a_group_has_on_a_topic) {
  LagStanding slow = on_partition("pay", "orders", 0, LagVerdict::kFallingBehind, 500, 35'000);
  slow.catch_up_ms = 60'000;
  slow.loss_ms = 7'200'000;
  slow.since_ms = kTick - 30'000;
  LagStanding rough = on_partition("pay", "orders", 1, LagVerdict::kOk, 20, 90'000);
  rough.quality = LagQuality::kBracketed;
  rough.catch_up_ms = 90'000;
  rough.loss_ms = 3'600'000;
  rough.lost_records = 7;
  LagStanding unknown = on_partition("pay", "orders", 2, LagVerdict::kUnknown);
  unknown.lag_records = unknown.lag_ms = unknown.produced_milli = unknown.consumed_milli = std::nullopt;
  const auto rows = rows_of({slow, on_partition("pay", "refunds", 0, LagVerdict::kOk), rough, unknown});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].topic, "orders");
  EXPECT_EQ(rows[0].partitions, 3);
  EXPECT_EQ(rows[0].verdict, LagVerdict::kFallingBehind);
  EXPECT_EQ(rows[0].since_ms, kTick - 30'000) << "of the worst partition";
  EXPECT_EQ(rows[0].lag_records, 520);
  EXPECT_EQ(rows[0].lag_ms, 90'000);
  EXPECT_EQ(rows[0].quality, LagQuality::kBracketed);
  EXPECT_EQ(rows[0].produced_milli, 20'000);
  EXPECT_EQ(rows[0].catch_up_ms, 90'000);
  EXPECT_FALSE(rows[0].never);
  EXPECT_EQ(rows[0].loss_ms, 3'600'000);
  EXPECT_EQ(rows[0].lost_records, 7);
  EXPECT_EQ(rows[1].topic, "refunds");
  EXPECT_EQ(rows[1].quality, LagQuality::kExact);
}

TEST(LagBoard, never_catches_up_where_one_partition_does_not_at_rates_that_are_known) {
  LagStanding catching = on_partition("g", "t", 0, LagVerdict::kCatchingUp, 5, 5);
  catching.catch_up_ms = 1000;
  LagStanding never = on_partition("g", "t", 1, LagVerdict::kStopped, 5, 5);
  EXPECT_TRUE(rows_of({catching, never})[0].never);
  never.consumed_milli = std::nullopt;
  EXPECT_FALSE(rows_of({catching, never})[0].never) << "not known is not never";
  EXPECT_FALSE(rows_of({catching, on_partition("g", "t", 1, LagVerdict::kOk)})[0].never) << "what has no lag has nothing to catch up";
}

TEST(LagBoard, shows_a_tick_when_it_is_whole_and_drops_what_is_told_of_no_more) {
  LagBoard board("pay");
  const LagObservers observers = board.observers();
  EXPECT_FALSE(board.tick_ms());
  observers.partition(lane(0), on_partition("pay", "orders", 0, LagVerdict::kOk, 5, 5));
  EXPECT_TRUE(board.rows().empty());
  observers.partition(lane(0), end_of_tick());
  observers.partition(lane(0), on_partition("pay", "orders", 0, LagVerdict::kOk, 9, 9));
  EXPECT_EQ(board.rows().at(0).lag_records, 5);
  EXPECT_EQ(board.partitions().at(0).standing.lag_records, 5);
  observers.partition(lane(0), end_of_tick(kTick + 5000));
  EXPECT_EQ(board.rows().at(0).lag_records, 9);
  EXPECT_EQ(board.tick_ms(), kTick + 5000);
  EXPECT_EQ(board.interval_ms(), 5000);
  EXPECT_EQ(board.ticks(), 2u);
  observers.partition(lane(0), end_of_tick(kTick + 10'000));
  EXPECT_TRUE(board.rows().empty());
  EXPECT_TRUE(board.partitions().empty());
}

TEST(LagBoard, shows_the_later_of_what_two_lanes_say_of_a_group_and_keeps_its_own_texts) {
  LagBoard board("pay");
  const LagObservers observers = board.observers();
  for (const Partition p : {1, 0}) {
    const std::string group = "pay";
    LagStanding s = on_partition(group, "orders", 0, p == 1 ? LagVerdict::kStalled : LagVerdict::kOk, 100 + p, 0);
    s.time_ms = kTick + p * 5000;
    observers.partition(lane(p), s);
    observers.partition(lane(p), end_of_tick(s.time_ms));
    LagGroupStanding whole;
    whole.cluster = "prod";
    whole.group = group;
    whole.time_ms = s.time_ms;
    whole.verdict = s.verdict;
    observers.group(lane(p), whole);
  }
  ASSERT_EQ(board.rows().size(), 1u);
  EXPECT_EQ(board.rows()[0].lag_records, 101);
  ASSERT_EQ(board.partitions().size(), 1u);
  EXPECT_EQ(board.partitions()[0].standing.verdict, LagVerdict::kStalled);
  ASSERT_EQ(board.groups().size(), 1u);
  EXPECT_EQ(board.groups()[0].group, "pay");
  EXPECT_EQ(board.groups()[0].standing.verdict, LagVerdict::kStalled);
  LagGroupStanding gone;
  gone.cluster = "prod";
  gone.group = "pay";
  gone.forgotten = true;
  for (const Partition p : {0, 1}) observers.group(lane(p), gone);
  EXPECT_TRUE(board.groups().empty());
}

LagRow row(const std::string& group, LagVerdict verdict, int64_t records, std::optional<int64_t> ms) {
  LagRow out;
  out.cluster = "prod";
  out.group = group;
  out.topic = "orders";
  out.time_ms = kTick;
  out.partitions = 2;
  out.verdict = verdict;
  out.since_ms = kTick - 135'000;
  out.lag_records = records;
  out.lag_ms = ms;
  return out;
}

std::string names(const std::vector<LagRow>& rows) {
  std::string out;
  for (const auto& one : rows) out += (out.empty() ? "" : " ") + one.group;
  return out;
}

TEST(LagBoard, marks_what_was_so_at_the_first_tick_that_it_saw) {
  LagBoard board("pay");
  const LagObservers observers = board.observers();
  const auto tick = [&](int64_t time_ms, int64_t since_ms) {
    LagStanding s = on_partition("pay", "orders", 0, LagVerdict::kStalled, 5, 5);
    s.time_ms = time_ms;
    s.since_ms = since_ms;
    observers.partition(lane(0), s);
    observers.partition(lane(0), end_of_tick(time_ms));
    LagGroupStanding whole;
    whole.cluster = "prod";
    whole.group = "pay";
    whole.time_ms = time_ms;
    whole.since_ms = since_ms;
    observers.group(lane(0), whole);
  };
  tick(kTick, kTick);
  tick(kTick + 5000, kTick);
  EXPECT_TRUE(board.rows().at(0).older);
  EXPECT_TRUE(board.partitions().at(0).older);
  EXPECT_TRUE(board.groups().at(0).older);
  EXPECT_NE(table_lines(board.rows(), false).at(1).find(" >5s "), std::string::npos);
  EXPECT_NE(explain_lines(board.groups(), board.partitions(), 0, 90'000).at(1).find("stalled since before 2024-11-22T08:00:00Z (5s)"),
            std::string::npos);
  tick(kTick + 10'000, kTick + 10'000);
  EXPECT_FALSE(board.rows().at(0).older);
  EXPECT_FALSE(board.partitions().at(0).older);
  EXPECT_FALSE(board.groups().at(0).older);
}

TEST(LagTable, sorts_by_verdict_seconds_or_records_and_says_what_is_left_out) {
  const std::vector<LagRow> rows = {row("a", LagVerdict::kOk, 9, 90'000), row("b", LagVerdict::kStalled, 5, 1'000),
                                    row("c", LagVerdict::kOk, 70, 7'000), row("d", LagVerdict::kStalled, 6, 2'000),
                                    row("e", LagVerdict::kOk, 9, {}),     row("f", LagVerdict::kOk, 9, {})};
  EXPECT_EQ(names(choose(rows, {.sort = LagSort::kVerdict})), "d b a c e f");
  EXPECT_EQ(names(choose(rows, {.sort = LagSort::kSeconds})), "a c d b e f");
  EXPECT_EQ(names(choose(rows, {.sort = LagSort::kRecords})), "c a e f d b");
  size_t left_out = 0;
  EXPECT_EQ(names(choose(rows, {.sort = LagSort::kVerdict, .limit = 2}, &left_out)), "d b");
  EXPECT_EQ(left_out, 4u);
  choose(rows, {.limit = 6}, &left_out);
  EXPECT_EQ(left_out, 0u);
}

TEST(LagTable, takes_names_and_patterns) {
  std::vector<LagRow> rows = {row("pay", LagVerdict::kOk, 1, 1), row("payments", LagVerdict::kOk, 1, 1),
                              row("x/pay*", LagVerdict::kOk, 1, 1)};
  rows[1].topic = "refunds";
  EXPECT_EQ(names(choose(rows, {.group = "pay"})), "pay");
  EXPECT_EQ(names(choose(rows, {.group = "pay*"})), "pay payments");
  EXPECT_EQ(names(choose(rows, {.group = "x/pay*"})), "x/pay*") << "a name that looks like a pattern is found as it is";
  EXPECT_EQ(names(choose(rows, {.group = "*pay*"})), "pay payments x/pay*");
  EXPECT_EQ(names(choose(rows, {.topic = "ref*"})), "payments");
  EXPECT_EQ(names(choose(rows, {.group = "pay", .topic = "ref*"})), "");
}

TEST(LagTable, lines_up_every_column) {
  LagRow bad = row("payments", LagVerdict::kFallingBehind, 52'000, 95'000);
  bad.produced_milli = 1'250'000;
  bad.consumed_milli = 300;
  bad.never = true;
  bad.loss_ms = 11'045'000;
  LagRow rough = row("p\x1b[31m", LagVerdict::kCatchingUp, 7, 1'540);
  rough.quality = LagQuality::kBracketed;
  rough.catch_up_ms = 2'000;
  LagRow idle = row("a", LagVerdict::kOk, 0, {});
  idle.lag_records = std::nullopt;
  const std::vector<std::string> lines = table_lines({bad, rough, idle}, false);
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "GROUP     TOPIC     LAG  SECONDS  PRODUCED/S  CONSUMED/S  VERDICT           FOR  CATCH-UP  LOSS IN",
                       "payments  orders  52000    1m35s        1250         0.3  falling_behind  2m15s     never     3h4m",
                       "p?[31m    orders      7    ~1.5s           -           -  catching_up     2m15s        2s        -",
                       "a         orders      -        -           -           -  ok              2m15s         -        -"}));
  const std::vector<std::string> coloured = table_lines({bad}, true);
  EXPECT_NE(coloured.at(1).find("\x1b[33mfalling_behind\x1b[0m"), std::string::npos) << coloured.at(1);
}

TEST(LagTable, names_clusters_only_where_there_are_several_and_says_that_data_is_lost_now) {
  LagRow here = row("a", LagVerdict::kLosingData, 1, 1);
  LagRow there = row("b", LagVerdict::kOk, 1, 1);
  EXPECT_EQ(table_lines({here, there}, false).at(0).find("CLUSTER"), std::string::npos);
  EXPECT_TRUE(table_lines({here, there}, false).at(1).ends_with("now"));
  there.cluster = "dr";
  EXPECT_TRUE(table_lines({here, there}, false).at(2).starts_with("dr       b"));
}

TEST(LagTable, writes_durations_and_rates_for_people) {
  EXPECT_EQ(lag_duration(0), "0s");
  EXPECT_EQ(lag_duration(1'540), "1.5s");
  EXPECT_EQ(lag_duration(9'999), "9.9s");
  EXPECT_EQ(lag_duration(35'700), "35s");
  EXPECT_EQ(lag_duration(135'000), "2m15s");
  EXPECT_EQ(lag_duration(11'045'000), "3h4m");
  EXPECT_EQ(lag_duration(2 * 86'400'000 + 3 * 3'600'000 + 59'000), "2d3h");
  EXPECT_EQ(lag_rate(0), "0.0");
  EXPECT_EQ(lag_rate(349), "0.3");
  EXPECT_EQ(lag_rate(350), "0.4");
  EXPECT_EQ(lag_rate(120'499), "120.5");
  EXPECT_EQ(lag_rate(4'200'900), "4200");
}

TEST(LagTable, counts_groups_by_their_worst_topic_in_its_title) {
  LagRow second = row("a", LagVerdict::kStalled, 1, 1);
  second.topic = "refunds";
  EXPECT_EQ(table_title({row("a", LagVerdict::kOk, 1, 1), second, row("b", LagVerdict::kOk, 1, 1)}, kTick),
            "2024-11-22T08:00:00Z  2 groups, 6 partitions: 1 stalled, 1 ok");
  EXPECT_EQ(table_title({}, kTick), "2024-11-22T08:00:00Z  0 groups, 0 partitions");
}

TEST(LagTable, warns_of_a_source_that_is_silent_for_more_than_three_intervals) {
  EXPECT_EQ(silence_warning(kTick, 5000, kTick + 15'000), "");
  EXPECT_EQ(silence_warning(kTick, 5000, kTick + 16'000),
            "the source has been silent for 16s, since 2024-11-22T08:00:00Z: this is what was true then");
  EXPECT_EQ(silence_warning(kTick, 5000, kTick - 60'000), "") << "a source whose clock is ahead";
}

TEST(LagTable, writes_a_row_as_json_with_null_for_what_is_not_known) {
  LagRow one = row("pay\"", LagVerdict::kStalled, 500, 35'500);
  one.produced_milli = 10'500;
  one.never = true;
  auto json = nlohmann::json::parse(row_json(one));
  EXPECT_EQ(json["group"], "pay\"");
  EXPECT_EQ(json["time"], "2024-11-22T08:00:00Z");
  EXPECT_EQ(json["since"], "2024-11-22T07:57:45Z");
  EXPECT_EQ(json["verdict"], "stalled");
  EXPECT_EQ(json["lag_records"], 500);
  EXPECT_EQ(json["lag_seconds"], 35.5);
  EXPECT_EQ(json["produced_per_second"], 10.5);
  EXPECT_TRUE(json["consumed_per_second"].is_null());
  EXPECT_TRUE(json["catch_up_seconds"].is_null());
  EXPECT_EQ(json["catches_up"], false);
  EXPECT_TRUE(json["time_to_loss_seconds"].is_null());
  one.never = false;
  EXPECT_TRUE(nlohmann::json::parse(row_json(one))["catches_up"].is_null());
  one.catch_up_ms = 1'000;
  EXPECT_EQ(nlohmann::json::parse(row_json(one))["catches_up"], true);
  one.group = "\xff";
  EXPECT_EQ(nlohmann::json::parse(row_json(one))["group"], "\xef\xbf\xbd");
  EXPECT_EQ(row_json(one).find('\n'), std::string::npos);
}

TEST(LagExplain, names_the_rule_that_decided_with_its_numbers) {
  const auto reason = [](LagVerdict verdict, auto change) {
    LagStanding s = on_partition("pay", "orders", 0, verdict, 500, 35'000);
    change(s);
    return verdict_reason(s, 90'000);
  };
  const auto as_is = [](LagStanding&) {};
  EXPECT_EQ(reason(LagVerdict::kStalled, as_is),
            "its committed offset 1000 has not moved for 30s (1.5 times its commit interval of 5s; at least 30 s) while records wait");
  EXPECT_EQ(reason(LagVerdict::kStopped, [](auto& s) { s.commit_interval_ms = 60'000; }),
            "the group has no members and has committed nothing here for 1m30s (1.5 times its commit interval of 1m; at least 30 s)");
  EXPECT_EQ(reason(LagVerdict::kStopped, [](auto& s) { s.commit_interval_ms = std::nullopt; }),
            "the group has no members and has committed nothing here for 2m15s (1.5 times a commit interval of 1m30s, as none was seen; at "
            "least 30 s)");
  EXPECT_EQ(reason(LagVerdict::kFallingBehind, as_is), "its lag in seconds grows over 1m30s by more than 0.05 s a second");
  EXPECT_EQ(reason(LagVerdict::kCatchingUp, [](auto& s) { s.commit_interval_ms = 60'000; }),
            "its lag in seconds falls over 4m30s by more than 0.05 s a second");
  EXPECT_EQ(reason(LagVerdict::kLosingData,
                   [](auto& s) {
                     s.committed_offset = 40;
                     s.lost_records = 60;
                   }),
            "its committed offset 40 is below the log start 100: 60 records were deleted before it read them");
  EXPECT_EQ(reason(LagVerdict::kNearRetention, [](auto& s) { s.loss_ms = 2'400'000; }),
            "unread records fall out of retention in 40m: less than an hour or a fifth of the retention");
  EXPECT_EQ(reason(LagVerdict::kAbandoned, [](auto& s) { s.members = 4; }),
            "the group has 4 members and other partitions assigned to them, but not this one, and committed nothing here for 10m");
  EXPECT_EQ(reason(LagVerdict::kRewound, as_is), "its committed offset fell under an earlier one and has not passed it since");
}

TEST(LagExplain, says_what_it_is_that_is_not_known) {
  LagStanding s = on_partition("pay", "orders", 0, LagVerdict::kUnknown);
  EXPECT_EQ(verdict_reason(s, 90'000), "the times of its records are not known");
  s.sample_ms = kTick - 16'000;
  EXPECT_EQ(verdict_reason(s, 90'000), "there has been no sample for 3 intervals; the last is 16s old");
  s.committed_offset = std::nullopt;
  EXPECT_EQ(verdict_reason(s, 90'000), "the group has committed nothing here");
  s.end_offset = std::nullopt;
  EXPECT_EQ(verdict_reason(s, 90'000), "the partition was not available when it was last observed");
  s.verdict = LagVerdict::kOk;
  EXPECT_EQ(verdict_reason(s, 90'000), "no record waits: it has consumed up to the end");
  s.lag_records = 3;
  EXPECT_EQ(verdict_reason(s, 90'000),
            "its lag is within what is allowed, or neither grows nor falls over 1m30s by more than 0.05 s a second");
}

TEST(LagExplain, shows_a_group_and_its_partitions_the_worst_first) {
  LagBoard board("pay");
  const LagObservers observers = board.observers();
  observers.partition(lane(0), end_of_tick(kTick - 600'000));
  LagStanding stalled = on_partition("pay", "orders", 1, LagVerdict::kStalled, 500, 35'000);
  stalled.members = 4;
  stalled.assigned = true;
  stalled.oldest_unread_ms = 40'000;
  stalled.open_transaction_ms = 61'000;
  for (const auto& s : {on_partition("pay", "orders", 0, LagVerdict::kOk), stalled, on_partition("ship", "orders", 0, LagVerdict::kOk),
                        on_partition("pay", "refunds", 0, LagVerdict::kOk), end_of_tick()})
    observers.partition(lane(0), s);
  EXPECT_EQ(explain_lines(board.groups(), board.partitions(), 1, 90'000).at(0), "pay on prod: stalled");
  LagGroupStanding whole;
  whole.cluster = "prod";
  whole.group = "pay";
  whole.labels = "env=production\x1fview=site_impact";
  whole.verdict = LagVerdict::kStalled;
  whole.since_ms = kTick - 135'000;
  whole.worst_topic = "orders";
  whole.worst_partition = 1;
  whole.members = 4;
  whole.group_state = "Stable";
  observers.group(lane(0), whole);
  EXPECT_EQ(explain_lines(board.groups(), board.partitions(), 1, 90'000),
            (std::vector<std::string>{
                "pay on prod: stalled since 2024-11-22T07:57:45Z, by orders/1; 3 partitions, 4 members, Stable; env=production "
                "view=site_impact",
                "  orders/1  stalled since 2024-11-22T07:57:45Z (2m15s): its committed offset 1000 has not moved for 30s (1.5 times its "
                "commit interval of 5s; at least 30 s) while records wait",
                "      committed 1000, log start 100, end 1500; lag 500 records, 35s (exact); oldest unread record 40s old",
                "      produced 10.0/s, consumed 12.5/s; never catches up at these rates; 4 members, Stable, assigned, commits every 5s",
                "      an open transaction has held its end back for 1m1s", "  and 2 more, no worse than these"}));
  const auto json = nlohmann::json::parse(partition_json(board.partitions().at(1), 90'000));
  EXPECT_EQ(json["partition"], 1);
  EXPECT_EQ(json["lag_seconds"], 35.0);
  EXPECT_EQ(json["why"], verdict_reason(stalled, 90'000));
  EXPECT_TRUE(json["catch_up_seconds"].is_null());
  EXPECT_EQ(json["members"], 4);
}

TEST(LagCommand, refuses_what_it_cannot_do_before_it_asks_anybody) {
  EXPECT_EQ(run_headroom({"lag"}).code, 2);
  const std::string config = HEADROOM_SOURCE_DIR "/config/local.json";
  const Ran since = run_headroom({"lag", "--config", config, "--since", "yesterday"});
  EXPECT_EQ(since.code, 2);
  EXPECT_NE(since.err.find("--since yesterday: a duration such as 15m"), std::string::npos) << since.err;
  EXPECT_EQ(run_headroom({"lag", "--config", config, "--since", "0"}).code, 2);
  const Ran sort = run_headroom({"lag", "--config", config, "--sort", "name"});
  EXPECT_EQ(sort.code, 2);
  EXPECT_NE(sort.err.find("verdict"), std::string::npos) << sort.err;
}

}  // namespace
}  // namespace headroom::testing
