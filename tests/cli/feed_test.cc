#include <gtest/gtest.h>

#include <algorithm>

#include "cli/run_binary.h"

namespace headroom::testing {
namespace {

const std::string kCsv = HEADROOM_SOURCE_DIR "/tests/cli/csv/";

TEST(Feed, maps_every_corner_of_a_csv_as_the_golden_says) {
  const Ran ran = run_headroom({"feed", "--print", "--csv", kCsv + "quoting.csv", "--target", "c/{{n}/Job/{name}", "--container", "{file}",
                                "--label", "zone={zone}", "--map", "cpu_used_cores=cpu, used", "--map", "memory_used_bytes=mem*1048576",
                                "--map", "load=quo\"ted*0.5"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, read_text(kCsv + "quoting.golden.jsonl"));
  std::string faults;
  for (std::string_view rest = ran.err; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    faults += line.starts_with(kCsv) ? line.substr(kCsv.size()) : line;
  }
  EXPECT_EQ(faults, read_text(kCsv + "quoting.faults.txt"));
}

TEST(Feed, reads_times_in_every_unit) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"1732262400", {}},
      {"1732262400.25", {}},
      {"1732262400000", {}},
      {"1732262400000000", {}},
      {"1732262400000000000", {}},
      {"2024-11-22T08:00:00Z", {}},
      {"2024-11-22T09:00:00+01:00", {"--time-unit", "rfc3339"}},
      {"300000000", {"--time-unit", "us", "--time-offset", "2024-11-22T07:55:00Z"}},
      {"1732262100", {"--time-offset", "5m"}},
      {"1732262700", {"--time-offset", "-5m"}},
  };
  for (const auto& [time, options] : cases) {
    std::vector<std::string> words = {"feed", "--print", "--csv", "-", "--target", "t", "--map", "m=v"};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = run_headroom(words, "time,v\n" + time + ",1\n");
    const std::string expected = time.ends_with(".25") ? "1732262400250" : "1732262400000";
    EXPECT_EQ(ran.out, "{\"target\":\"t\",\"metric\":\"m\",\"time_ms\":" + expected + ",\"value\":1}\n") << time << ran.err;
  }
  const Ran early = run_headroom({"feed", "--print", "--csv", "-", "--target", "t", "--map", "m=v"}, "time,v\n300,1\n");
  EXPECT_EQ(early.out, "");
  EXPECT_NE(early.err.find("-:2: \"300\" is 1970-01-01T00:05:00Z, before 2000: --time-unit or --time-offset does not fit"),
            std::string::npos)
      << early.err;
}

TEST(Feed, merges_files_by_time) {
  const TestFolder folder;
  const std::string a = folder.write("a.csv", "time,v\n1732262400,1\n1732262520,3\n");
  const std::string b = folder.write("b.csv", "v,time\n2,1732262460\n4,1732262520\n");
  const Ran ran = run_headroom({"feed", "--print", "--csv", a, "--csv", b, "--target", "{file}", "--map", "m=v"});
  std::string order;
  for (size_t at = 0; (at = ran.out.find("{\"target\":\"", at)) != std::string::npos; at += 11) order += ran.out[at + 11];
  EXPECT_EQ(order, "abab") << ran.out;
}

TEST(Feed, stops_at_the_first_fault_when_strict) {
  const std::string csv = "time,v\n1732262400,1\n1732262460,x\n1732262520,3\n";
  const std::vector<std::string> words = {"feed", "--print", "--csv", "-", "--target", "t", "--map", "m=v"};
  EXPECT_EQ(run_headroom(words, csv).code, 0);
  std::vector<std::string> strict = words;
  strict.push_back("--strict");
  const Ran ran = run_headroom(strict, csv);
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("-:3: v: \"x\" is not a finite number"), std::string::npos) << ran.err;
}

TEST(Feed, ends_with_2_when_the_mapping_does_not_fit) {
  const std::string csv = "time,value\n1732262400,1\n";
  const auto fails = [&csv](const std::vector<std::string>& options, const std::string& expected, const std::string& input = {}) {
    std::vector<std::string> words = {"feed", "--print", "--csv", "-"};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = run_headroom(words, input.empty() ? csv : input);
    EXPECT_EQ(ran.code, 2) << expected;
    EXPECT_NE(ran.err.find(expected), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
  };
  fails({"--target", "t", "--map", "m=valeu"}, "no column \"valeu\"; did you mean \"value\"? Columns: time, value");
  fails({"--target", "t", "--map", "value"}, "--map value: expected metric=column or metric=column*scale");
  fails({"--target", "t", "--map", "m=value*ten"}, "expected metric=column or metric=column*scale");
  fails({"--target", "{nam", "--map", "m=value"}, "--target: a { without its }");
  fails({"--target", "t", "--map", "m=value", "--time-column", "ts"}, "--time-column: no column \"ts\"");
  fails({"--target", "t", "--map", "m=value", "--label", "zone"}, "--label zone: expected name=template");
  fails({"--target", "t", "--map", "m=value", "--time-offset", "soon"}, "--time-offset \"soon\": expected a duration");
  fails({"--target", "t", "--map", "m=value", "--delimiter", "ab"}, "--delimiter: expected one character");
  fails({"--map", "m=value"}, "--target is required");
  fails({"--target", "t"}, "--map is required");
  fails({"--target", "t", "--map", "m=value"}, "- is empty: the first line must name the columns", "\n\n");
  EXPECT_EQ(run_headroom({"feed", "--print", "--csv", "nowhere.csv", "--target", "t", "--map", "m=v"}).code, 2);
}

TEST(Feed, tells_the_samples_time_where_it_is_asked_to) {
  const std::vector<std::string> words = {"feed", "--print", "--csv", "-", "--target", "t", "--map", "m=v", "--ticks"};
  const auto with = [&](const std::string& ticks) {
    auto all = words;
    all.push_back(ticks);
    return all;
  };
  const Ran ran = run_headroom(with("15s"), "time,v\n1732262400,1\n1732262410,2\n1732262440,3\n");
  std::vector<std::string> ticks;
  for (std::string_view rest = ran.out; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    ticks.emplace_back(line.starts_with("{\"tick_ms\"") ? line.substr(11, 13) : "sample");
  }
  const std::vector<std::string> expected = {"sample", "sample", "1732262415000", "1732262430000", "sample", "1732262445000"};
  EXPECT_EQ(ticks, expected) << ran.out << ran.err;
  const Ran hole = run_headroom(with("15s"), "time,v\n1732262400,1\n1832262400,2\n");
  EXPECT_LE(std::count(hole.out.begin(), hole.out.end(), '\n'), 1010) << "of a long hole the last ticks only";
  EXPECT_EQ(run_headroom(with("0.5s"), "time,v\n1732262400,1\n").code, 2);
  EXPECT_EQ(run_headroom(with("500ms"), "time,v\n1732262400,1\n").code, 2);
}

TEST(Feed, can_be_piped_into_a_replay) {
  std::string csv = "ts\tused\tlimit\n";
  for (int minute = 0; minute < 240; ++minute) csv += std::to_string(1'732'262'400 + minute * 60) + "\t0.1\t2\n";
  const TestFolder folder;
  const std::string file = folder.write("usage.tsv", csv);
  const Ran ran = run_shell(
      HEADROOM_BINARY " feed --print --csv " + quoted(file) +
      " --delimiter tab --time-column ts --target c/n/Job/x --map cpu_reserved_cores=limit --map cpu_used_cores=used | " HEADROOM_BINARY
      " replay -q -");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("\"subject\":\"c/n/Job/x\""), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace headroom::testing
