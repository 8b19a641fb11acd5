#include "cli/collect_csv.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "run_binary.h"

namespace headroom::testing {
namespace {

constexpr int64_t kStep = 1000;

class CollectCsvFolder : public ::testing::Test {
 protected:
  CollectProgress asked(const std::string& query = "a=x") const {
    CollectProgress out;
    out.what = {{"--step", "1s"}, {"--query 1", query}};
    out.from_ms = out.next_ms = 10 * kStep;
    return out;
  }

  static CollectMapping mapping() {
    CollectMapping out;
    out.queries = {{"a", "x"}, {"b", "y"}};
    return out;
  }

  // Steps of one target, whose value is the step's number.
  static Collected steps(const std::string& target, int64_t first, int64_t last) {
    Collected out;
    CollectedSeries made{0, target, {}, {}};
    for (int64_t step = first; step <= last; ++step) made.points.push_back({step * kStep, static_cast<double>(step)});
    out.series.push_back(made);
    return out;
  }

  static CollectWindow window(int64_t first, int64_t last) { return {first * kStep, last * kStep, kStep}; }

  std::string out() const { return folder.file("out"); }
  std::string text(const std::string& name) const { return read_text(out() + "/" + name); }

  TestFolder folder;
};

TEST_F(CollectCsvFolder, has_a_row_for_each_step_with_a_value_and_a_column_a_query) {
  CollectCsv csv({out()});
  ASSERT_TRUE(csv.begin(asked()));
  Collected collected = steps("c/n/Deployment/api", 10, 12);
  collected.series.push_back({1, "c/n/Deployment/api", {}, {{11'000, 0.1}, {13'000, 4}}});
  ASSERT_TRUE(csv.write(mapping(), collected, window(10, 13)));
  EXPECT_EQ(text("c_n_Deployment_api.csv"), "time_ms,value,b\n10000,10,\n11000,11,0.1\n12000,12,\n");
  EXPECT_EQ(csv.summary(), "3 rows in 1 file of " + out() + ", 1 steps without the first query's value left out");
}

TEST_F(CollectCsvFolder, goes_on_behind_the_last_whole_window_after_a_kill) {
  {
    CollectCsv csv({out()});
    ASSERT_TRUE(csv.begin(asked()));
    ASSERT_TRUE(csv.write(mapping(), steps("t", 10, 11), window(10, 11)));
  }
  const std::string whole = text("t.csv");
  // What a kill leaves within a window: rows and half a row of it, a file that was just taken.
  folder.write("out/t.csv", whole + "12000,12,\n130");
  CollectCsv csv({out()});
  const auto reached = csv.begin(asked());
  ASSERT_TRUE(reached) << reached.status().to_string();
  EXPECT_EQ(reached->next_ms, 12 * kStep);
  EXPECT_EQ(text("t.csv"), whole);
  ASSERT_TRUE(csv.write(mapping(), steps("t", 12, 12), window(12, 12)));
  EXPECT_EQ(text("t.csv"), whole + "12000,12,\n");
}

TEST_F(CollectCsvFolder, does_not_go_on_with_something_else) {
  {
    CollectCsv csv({out()});
    ASSERT_TRUE(csv.begin(asked()));
    ASSERT_TRUE(csv.write(mapping(), steps("t", 10, 11), window(10, 11)));
  }
  const auto refused = CollectCsv({out()}).begin(asked("b=z"));
  EXPECT_EQ(refused.status().code(), Code::kInvalid);
  EXPECT_NE(refused.status().message().find("--query 1 was a=x and is b=z"), std::string::npos) << refused.status().message();
  CollectProgress earlier = asked();
  earlier.from_ms = earlier.next_ms = 5 * kStep;
  EXPECT_NE(CollectCsv({out()}).begin(earlier).status().message().find("begins later than --from"), std::string::npos);
}

TEST_F(CollectCsvFolder, begins_anew_when_told_to) {
  {
    CollectCsv csv({out()});
    ASSERT_TRUE(csv.begin(asked()));
    ASSERT_TRUE(csv.write(mapping(), steps("t", 10, 11), window(10, 11)));
    ASSERT_TRUE(csv.write(mapping(), steps("gone", 12, 12), window(12, 12)));
  }
  CollectCsv csv({.folder = out(), .restart = true});
  const auto reached = csv.begin(asked("b=z"));
  ASSERT_TRUE(reached) << reached.status().to_string();
  EXPECT_EQ(reached->next_ms, 10 * kStep);
  ASSERT_TRUE(csv.write(mapping(), steps("t", 10, 10), window(10, 10)));
  EXPECT_EQ(text("t.csv"), "time_ms,value,b\n10000,10,\n");
  EXPECT_FALSE(std::filesystem::exists(out() + "/gone.csv"));
}

TEST_F(CollectCsvFolder, lets_one_that_has_written_nothing_be_forgotten) {
  { ASSERT_TRUE(CollectCsv({out()}).begin(asked())); }
  EXPECT_TRUE(CollectCsv({out()}).begin(asked("b=z")));
}

TEST_F(CollectCsvFolder, never_writes_to_a_file_that_is_not_its_own) {
  std::filesystem::create_directory(out());
  folder.write("out/t.csv", "precious\n");
  CollectCsv csv({out()});
  ASSERT_TRUE(csv.begin(asked()));
  const Status refused = csv.write(mapping(), steps("t", 10, 11), window(10, 11));
  EXPECT_EQ(refused.code(), Code::kInvalid);
  EXPECT_NE(refused.message().find("t.csv is there already"), std::string::npos) << refused.message();
  EXPECT_EQ(text("t.csv"), "precious\n");
}

TEST_F(CollectCsvFolder, is_one_processs_at_a_time) {
  CollectCsv csv({out()});
  ASSERT_TRUE(csv.begin(asked()));
  EXPECT_NE(CollectCsv({out()}).begin(asked()).status().message().find("another process"), std::string::npos);
}

TEST_F(CollectCsvFolder, refuses_targets_that_one_file_would_hold) {
  CollectCsv csv({out()});
  ASSERT_TRUE(csv.begin(asked()));
  Collected both = steps("a/b", 10, 10);
  both.series.push_back(steps("a_b", 10, 10).series[0]);
  EXPECT_NE(csv.write(mapping(), both, window(10, 10)).message().find("the targets a/b and a_b"), std::string::npos);
  ASSERT_TRUE(csv.write(mapping(), steps("a/b", 10, 10), window(10, 10)));
  EXPECT_NE(csv.write(mapping(), steps("a_b", 11, 11), window(11, 11)).message().find("the targets a/b and a_b"), std::string::npos);
}

TEST_F(CollectCsvFolder, refuses_a_progress_that_does_not_fit) {
  std::filesystem::create_directory(out());
  for (const char* progress : {"", "{}", "[]", R"({"collect":2,"what":[],"files":{},"from_ms":1,"next_ms":1})",
                               R"({"collect":1,"what":[1],"files":{},"from_ms":1,"next_ms":1})",
                               R"({"collect":1,"what":[],"files":{"a":-1},"from_ms":1,"next_ms":1})"}) {
    folder.write("out/progress.json", progress);
    const auto reached = CollectCsv({out()}).begin(asked());
    EXPECT_NE(reached.status().message().find("is no progress of headroom collect"), std::string::npos) << progress;
  }
  EXPECT_TRUE(CollectCsv({.folder = out(), .restart = true}).begin(asked()));
}

TEST(CollectDifference, is_said_option_by_option) {
  CollectProgress one;
  one.what = {{"--step", "1s"}, {"--query 1", "a=x"}};
  CollectProgress other = one;
  EXPECT_EQ(difference(one.what, other.what), "");
  other.what[0].second = "1m";
  EXPECT_EQ(difference(one.what, other.what), "--step was 1s and is 1m");
  other = one;
  other.what.insert(other.what.begin(), {"--label zone", "zone={z}"});
  EXPECT_EQ(difference(one.what, other.what), "--label zone is new: zone={z}");
  EXPECT_EQ(difference(other.what, one.what), "--label zone was zone={z} and is absent");
}

TEST(CollectCsvFile, has_a_name_that_any_system_takes) {
  EXPECT_EQ(CollectCsv::file_of("prod/shop/Deployment/api-1.2"), "prod_shop_Deployment_api-1.2.csv");
  EXPECT_EQ(CollectCsv::file_of("../x y"), "_.._x_y.csv");
  EXPECT_EQ(CollectCsv::file_of(std::string(500, 'x')).size(), 204u);
}

}  // namespace
}  // namespace headroom::testing
