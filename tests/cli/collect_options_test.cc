#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "run_binary.h"

namespace headroom::testing {
namespace {

// A command line that is right but for what `more` adds, and that asks nobody.
Ran collect(const std::vector<std::string>& more, const std::string& query = "a=up") {
  std::vector<std::string> words = {"collect", "--url", "http://127.0.0.1:1", "--target", "t", "--query", query, "--retry-for", "0s"};
  words.insert(words.end(), more.begin(), more.end());
  return run_headroom(words);
}

void expect_usage(const Ran& ran, const std::string& sentence) {
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_NE(ran.err.find(sentence), std::string::npos) << ran.err;
}

TEST(CollectOptions, are_checked_before_anything_is_asked) {
  const TestFolder folder;
  const std::string out = folder.file("out");
  expect_usage(collect({"--out", out}), "--from is needed");
  expect_usage(collect({"--out", out, "--from", "x"}), "--from \"x\" is no time");
  expect_usage(collect({"--out", out, "--from", "2100-01-01T00:00:00Z"}), "lies ahead");
  expect_usage(collect({"--out", out, "--from", "1d", "--to", "2d"}), "nothing to collect from ");
  expect_usage(collect({"--out", out, "--from", "1d", "--step", "10ms"}), "--step \"10ms\": expected a duration from 1s to 1d");
  expect_usage(collect({"--out", out, "--from", "1d", "--batch", "11001"}), "--batch");
  expect_usage(collect({"--out", out, "--from", "1d", "--batch", "0"}), "--batch");
  expect_usage(collect({"--out", out, "--from", "1d"}, "up{job=\"x\"}"), "expected NAME=EXPRESSION");
  expect_usage(collect({"--out", out, "--from", "1d", "--query", "a=x", "--query", "a=y"}), "the name a is taken");
  expect_usage(collect({"--out", out, "--from", "1d", "--query", "value=x"}), "the name value is taken");
  expect_usage(collect({"--out", out, "--from", "1d"}, "time_ms=x"), "the name time_ms is taken");
  expect_usage(collect({"--out", out, "--from", "1d", "--instance", "i"}), "a CSV has no labels");
  expect_usage(collect({"--out", out, "--from", "1d", "--label", "zone"}), "--label zone: expected NAME=TEMPLATE");
  expect_usage(collect({"--out", out, "--from", "1d", "--label", "zone={a"}), "a { without its }");
  expect_usage(collect({"--out", out, "--follow"}), "--follow writes samples and ticks to Kafka");
  expect_usage(collect({"--follow", "--to", "now"}), "--to and --follow: only one of them");
  expect_usage(collect({"--out", out, "--from", "1d", "--progress", "p"}), "--progress is for Kafka");
  expect_usage(collect({"--out", out, "--from", "1d", "--topic", "headroom.samples"}), "--topic is for Kafka");
  expect_usage(collect({"--out", out, "--from", "1d", "--create-topics"}), "--create-topics is for Kafka");
  expect_usage(collect({"--out", out, "--from", "1d", "--source", "a"}), "--source stands in ticks, which only Kafka gets");
  expect_usage(collect({"--from", "1d", "--set", "kafka.broker=x"}), "brokers");
}

TEST(CollectOptions, name_a_secret_in_one_way_and_never_show_it) {
  const TestFolder folder;
  const std::string file = folder.write("secret", "hunter2");
  const std::string lines = folder.write("lines", "hun\nter2");
  const std::vector<std::string> right = {"--out", folder.file("out"), "--from", "1d"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), right.begin(), right.end());
    Ran ran = collect(more);
    EXPECT_EQ(ran.err.find("hunter2"), std::string::npos) << ran.err;
    return ran;
  };
  expect_usage(with({"--token-file", file, "--token-env", "X"}), "--token-file and --token-env: only one of them");
  expect_usage(with({"--token-file", folder.file("absent")}), "--token-file: cannot read ");
  expect_usage(with({"--token-env", "HEADROOM_TEST_ABSENT"}), "the environment variable HEADROOM_TEST_ABSENT is not set");
  expect_usage(with({"--user", "me"}), "--user and a password");
  expect_usage(with({"--password-file", file}), "--user and a password");
  expect_usage(with({"--user", "me", "--token-file", file}), "--user goes with a password");
  expect_usage(with({"--user", "a:b", "--password-file", file}), "a name has no colon");
  expect_usage(with({"--ca-file", file}), "--ca-file is for https only");
  expect_usage(with({"--token-file", lines}), "holds no secret of one line");
  EXPECT_EQ(with({"--token-file", file}).code, 3) << "nobody answers there";
  Ran url = run_headroom({"collect", "--url", "http://me:hunter2@a", "--target", "t", "--query", "a=b", "--from", "1d", "--out", "x"});
  expect_usage(url, "a user or password stands in the URL");
  EXPECT_EQ(url.err.find("hunter2"), std::string::npos);
}

TEST(TicksOptions, are_checked) {
  for (const char* interval : {"", "0s", "99ms", "2h", "15"}) {
    const Ran ran = run_headroom({"ticks", "--interval", interval});
    expect_usage(ran, "expected a duration from 100ms to 1h");
  }
}

}  // namespace
}  // namespace headroom::testing
