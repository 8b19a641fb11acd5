#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/backtest_policy.h"
#include "cli/backtest_run.h"
#include "run_binary.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kStartMs = 1'767'571'200'000;  // a midnight
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

// A load that comes every day in the same way, with a little noise; `start_ms` is a midnight.
std::string days_of_load(int64_t days, int64_t start_ms = kStartMs) {
  std::string out = "time_ms,value\n";
  uint64_t random = 7;
  for (int64_t minute = 0; minute < days * 1440; ++minute) {
    random = random * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    const double noise = static_cast<double>(random >> 40) / (1 << 24);
    const double level = 1000 - 800 * std::cos(6.2831853 * static_cast<double>(minute % 1440) / 1440);
    out += std::to_string(start_ms + minute * 60'000) + "," + std::to_string(level * (0.97 + 0.06 * noise)) + "\n";
  }
  return out;
}

std::string mistakes_of(const std::string& policy, const std::string& target = {}) {
  std::vector<Mistake> mistakes;
  read_backtest_policy(policy, target, mistakes);
  std::string out;
  for (const Mistake& mistake : mistakes) out += mistake.to_string("p") + "\n";
  return out;
}

BacktestSettings settings_of(const std::string& policy) {
  std::vector<Mistake> mistakes;
  auto read = read_backtest_policy(policy, {}, mistakes);
  EXPECT_TRUE(read) << mistakes_of(policy);
  BacktestSettings out;
  out.policy = read.value_or(BacktestPolicy());
  out.shape.unscored_ms = kDayMs;
  return out;
}

class Backtest : public ::testing::Test {
 protected:
  LoadCurve load(int64_t days) const {
    const auto series = read_series(folder.write("made.csv", days_of_load(days)), {});
    EXPECT_TRUE(series);
    return *load_of_series(*series);
  }
  TestFolder folder;
};

TEST(BacktestPolicy, is_a_rule_or_a_section_and_needs_neither_target_nor_capacity) {
  for (const char* policy : {"{}", "{\"size\": \"headroom_small\", // as a comment\n}", R"({"targets": [{}]})",
                             R"({"target": "prod/**", "policy": "threshold", "threshold": {"below": 1, "above": 2}})"})
    EXPECT_EQ(mistakes_of(policy), "") << policy;
  std::vector<Mistake> mistakes;
  EXPECT_FALSE(read_backtest_policy("{}", {}, mistakes)->capacity_given);
  EXPECT_TRUE(read_backtest_policy(R"({"capacity": 5})", {}, mistakes)->capacity_given);
  EXPECT_TRUE(read_backtest_policy(R"({"utilisation": "busy"})", {}, mistakes)->capacity_given) << "it is learned";
  EXPECT_EQ(read_backtest_policy(R"({"utilisation": "busy"})", {}, mistakes)->params.targets[0].capacity, 0);
  const std::string two = R"({"targets": [{"target": "a/**", "max": 7}, {"target": "b/**", "max": 9}]})";
  const auto chosen = read_backtest_policy(two, "b/c", mistakes);
  ASSERT_TRUE(chosen);
  ASSERT_EQ(chosen->params.targets.size(), 1u);
  EXPECT_EQ(chosen->params.targets[0].decision.most, 9);
  EXPECT_NE(mistakes_of(two).find("targets: has 2 rules; name with --target"), std::string::npos) << mistakes_of(two);
  EXPECT_NE(mistakes_of(two, "c/d").find("has no rule that fits c/d"), std::string::npos);
}

TEST(BacktestPolicy, is_refused_with_every_mistake_and_its_place) {
  EXPECT_NE(mistakes_of("{\n  \"most_premum\": 1.1,\n  \"min\": -1}").find("p:2:3: most_premum"), std::string::npos);
  EXPECT_NE(mistakes_of("{\n  \"most_premum\": 1.1,\n  \"min\": -1}").find("p:3:10: min"), std::string::npos);
  EXPECT_NE(mistakes_of("[]"), "");
  EXPECT_NE(mistakes_of("{"), "");
  EXPECT_NE(mistakes_of(R"({"targets": 3})"), "");
  EXPECT_NE(mistakes_of(R"({"targets": []})"), "");
  EXPECT_NE(mistakes_of(R"({"capacity": 0})").find("needs `capacity`, or `utilisation`"), std::string::npos);
}

TEST(BacktestLoad, carries_what_is_missing_and_moves_what_is_too_old_by_weeks) {
  Series series{.name = "s", .step_ms = 60'000, .times_ms = {0, 60'000, 240'000, 300'000}, .values = {1, 2, 5, 6}, .companions = {}};
  const auto load = load_of_series(series);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->values, (std::vector<double>{1, 2, 2, 2, 5, 6}));
  EXPECT_GE(load->start_ms, 946'684'800'000);
  EXPECT_EQ(load->start_ms % (7 * kDayMs), 0);
  series.values[1] = -1;
  EXPECT_NE(load_of_series(series).status().message().find("row 2 is below zero"), std::string::npos);
  series.values[1] = 1;
  series.times_ms.back() = int64_t{60'000} * 30'000'000;
  EXPECT_FALSE(load_of_series(series));
}

TEST_F(Backtest, runs_the_topology_beside_the_others_as_they_are_in_the_model) {
  const LoadCurve curve = load(4);
  const BacktestSettings settings = settings_of("{}");
  const auto result = run_backtest(settings, curve);
  ASSERT_TRUE(result) << result.status().message();
  ASSERT_EQ(result->methods.size(), 4u);
  const ElasticityScore& ours = result->methods[0].score;
  EXPECT_EQ(ours.ticks, 3 * 5760 - 3);
  EXPECT_GT(result->commands.all, 10);
  EXPECT_EQ(result->holds(), 0);
  EXPECT_LT(ours.cost(), result->methods[1].score.cost()) << "than the HPA at 0.7";
  EXPECT_LT(ours.tau_under(), 0.5);
  EXPECT_TRUE(holds_against(ours, result->methods[1].score));
  EXPECT_EQ(result->methods[0].course.size(), ours.ticks + 5760u);
}

TEST_F(Backtest, learns_the_capacity_where_the_policy_has_a_utilisation) {
  BacktestSettings settings = settings_of(R"({"utilisation": "busy"})");
  settings.shape.first_replicas = 10;  // one that is saturated from the start on shows nothing to learn from
  const auto result = run_backtest(settings, load(4));
  ASSERT_TRUE(result) << result.status().message();
  EXPECT_LT(result->methods[0].score.cost(), 1.5);
  EXPECT_LT(result->methods[0].score.tau_under(), 2);
}

TEST_F(Backtest, knows_counters_as_the_rates_that_they_are) {
  const auto gauge = run_backtest(settings_of("{}"), load(3));
  const auto counter = run_backtest(settings_of(R"({"load": "requests_total"})"), load(3));
  ASSERT_TRUE(gauge && counter);
  EXPECT_NEAR(counter->methods[0].score.cost(), gauge->methods[0].score.cost(), 0.05);
}

TEST_F(Backtest, shows_that_wrong_forecasts_cost_little) {
  const LoadCurve curve = load(5);
  BacktestSettings settings = settings_of("{}");
  for (const ForecastFault fault : {ForecastFault::kShuffled, ForecastFault::kTimes3, ForecastFault::kZero}) {
    settings.fault = fault;
    const auto result = run_backtest(settings, curve);
    ASSERT_TRUE(result);
    EXPECT_LE(result->methods[0].score.cost(), 1.05 * result->methods[2].score.cost()) << forecast_fault_name(fault);
  }
}

TEST_F(Backtest, never_goes_in_and_says_its_number_again_without_metrics) {
  BacktestSettings settings = settings_of("{}");
  settings.outage = MetricOutage{2 * kDayMs + 13 * kHourMs, kHourMs / 2};  // the load falls
  const auto result = run_backtest(settings, load(4));
  ASSERT_TRUE(result);
  for (const MethodResult& method : result->methods) EXPECT_EQ(method.outage_scale_ins, 0) << method.name;
  EXPECT_GE(result->holds(), 5) << "half an hour, five minutes each";
  EXPECT_LE(result->holds(), 8);
}

TEST_F(Backtest, command_prints_writes_and_draws_the_same_each_time) {
  const std::string file = folder.write("made.csv", days_of_load(3, 893'980'800'000));  // 1998
  const std::string policy = folder.write("policy.json", "{\"max\": 50, /* of all */}");
  std::string first;
  for (const char* name : {"a", "b"}) {
    const std::string json = folder.file(std::string(name) + ".json"), svg = folder.file(std::string(name) + ".svg");
    const Ran ran = run_headroom({"backtest", "--load", file, "--policy", policy, "--unscored", "1d", "--out", json, "--plot", svg});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    for (const char* method : {"headroom", "hpa", "rate_rule", "foresight"}) EXPECT_NE(ran.out.find(method), std::string::npos) << ran.out;
    const std::string all = ran.out + read_text(json) + read_text(svg);
    EXPECT_EQ(first.empty() ? all : first, all);
    first = all;
    EXPECT_NE(read_text(svg).find("1998-05-03"), std::string::npos) << "a day that is scored, as recorded";
    const Json written = Json::parse(read_text(json));
    EXPECT_EQ(written["settings"]["unscored_ms"], kDayMs);
    EXPECT_EQ(written["policy"]["targets"][0]["max"], 50);
    const Json& figures = written["loads"][0]["methods"]["headroom"];
    for (const char* figure :
         {"theta_u_percent", "theta_o_percent", "tau_u_percent", "tau_o_percent", "cost", "actions_a_day", "late_percent"})
      EXPECT_TRUE(figures[figure].is_number()) << figure;
  }
}

TEST_F(Backtest, command_sums_up_several_loads_and_warns_of_what_is_too_short) {
  const std::string file = folder.write("made.csv", days_of_load(3)), other = folder.write("short.csv", days_of_load(1));
  const std::string csv = folder.file("out.csv");
  const Ran ran = run_headroom({"backtest", "--load", file, "--load", other, "--unscored", "1d", "--out", csv});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("warning: short is not longer than the unscored time (1d)"), std::string::npos) << ran.err;
  EXPECT_NE(ran.out.find(" of 1 loads at least two of tau_U, cost and actions are no worse than hpa's"), std::string::npos) << ran.out;
  EXPECT_NE(read_text(csv).find("\n\"made\",rate_rule,"), std::string::npos);
}

TEST_F(Backtest, command_refuses_what_it_cannot_run) {
  const std::string file = folder.write("made.csv", days_of_load(1));
  const auto refuse = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"backtest", "--load", file});
    const Ran ran = run_headroom(words);
    EXPECT_EQ(ran.code, 2) << ran.out;
    return ran.err;
  };
  EXPECT_NE(refuse({"--policy", folder.file("none.json")}).find("cannot read"), std::string::npos);
  EXPECT_NE(refuse({"--policy", folder.write("bad.json", "{\"mox\": 3}")}).find("bad.json:1:2: mox"), std::string::npos);
  EXPECT_NE(refuse({"--load", folder.write("n.csv", "time_ms,value\n0,1\n60000,-1\n120000,1\n")}).find("below zero"), std::string::npos);
  EXPECT_NE(refuse({"--load", file}).find("two loads are named made"), std::string::npos);
  EXPECT_NE(refuse({"--outage", "1d"}).find("is not FROM..FOR"), std::string::npos);
  EXPECT_NE(refuse({"--outage", "1d..0s"}).find("0s is not allowed"), std::string::npos);
  EXPECT_NE(refuse({"--start-up", "soon"}).find("--start-up"), std::string::npos);
  EXPECT_NE(refuse({"--metric-delay", "20s"}).find("multiple of 15s"), std::string::npos);
  EXPECT_NE(refuse({"--forecast", "wrong"}).find("--forecast"), std::string::npos);
  EXPECT_NE(refuse({"--peer-target", "0"}).find("--peer-target"), std::string::npos);
  EXPECT_NE(refuse({"--plot-window", "0s..1d"}).find("--plot"), std::string::npos);
}

}  // namespace
}  // namespace headroom::testing
