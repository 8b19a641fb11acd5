// predictive_scaling as a whole: its settings, its outputs, and several targets with gaps, cut everywhere.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "topologies/load_world.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kApi = "prod/shop/Deployment/api";
constexpr const char* kPlain = R"({"targets": [{"target": "**", "capacity": 100}]})";

struct Scaled {
  explicit Scaled(const std::string& settings) : driver(predictive_scaling(scaling_params(settings))) {}
  void feed(const std::vector<Input>& log) {
    for (const Input& input : log) driver.pipe(input.key, input.value, input.timestamp_ms);
  }
  std::vector<Json> take(const std::string& topic) {
    std::vector<Json> out;
    for (const auto& record : driver.take_sent())
      if (record.topic == topic) out.push_back(Json::parse(record.value));
    return out;
  }
  std::vector<Json> commands() { return take("headroom.actions"); }
  std::vector<Json> forecasts() { return take("headroom.forecasts"); }
  TopologyDriver driver;
};

constexpr auto kNeverSilent = [](const std::string&, int64_t) { return false; };

std::string mistake_of(const std::string& settings) {
  Status status;
  scaling_params(settings, status);
  return status ? "" : status.to_string();
}

TEST(PredictiveScalingSettings, have_defaults_that_are_right) {
  EXPECT_EQ(mistake_of("{}"), "");
  EXPECT_EQ(mistake_of(kPlain), "");
  EXPECT_EQ(mistake_of(R"({"targets": [{"target": "**", "utilisation": "cpu_busy"}]})"), "");
  EXPECT_EQ(mistake_of(R"({"targets": [{"target": "**", "policy": "threshold", "min": 3, "max": 15,
                       "threshold": {"below": 50, "above": 2500, "horizon": "15m"}}]})"),
            "");
}

TEST(PredictiveScalingSettings, are_refused_when_they_cannot_be) {
  for (const char* settings :
       {R"({"targets": [{"capacity": 100}]})", R"({"targets": [{"target": "**"}]})", R"({"targets": [{"target": "**", "capacity": -1}]})",
        R"({"targets": [{"target": "**", "capacity": 1, "min": 5, "max": 4}]})",
        R"({"targets": [{"target": "**", "capacity": 1, "highest_target": 0.5}]})",
        R"({"targets": [{"target": "**", "policy": "threshold", "threshold": {"below": 5, "above": 5}}]})",
        R"({"targets": [{"target": "**", "capacity": 1, "quantile": "0.97"}]})", R"({"step": "1s"})", R"({"topic": "a b"})"})
    EXPECT_NE(mistake_of(settings), "") << settings;
}

TEST(PredictiveScalingSettings, name_the_lead_that_no_horizon_covers) {
  const std::string mistake = mistake_of(R"({"targets": [{"target": "prod/**", "capacity": 1, "start_up": "20m"}]})");
  EXPECT_NE(mistake.find("of prod/**"), std::string::npos) << mistake;
  EXPECT_NE(mistake.find("the last horizon of the forecast ends after 900 s"), std::string::npos) << mistake;
  EXPECT_NE(mistake_of(R"({"targets": [{"target": "**", "policy": "threshold", "threshold": {"horizon": "16m"}}]})"), "");
}

TEST(PredictiveScaling, asks_for_what_the_present_load_needs_while_forecasts_are_not_proven) {
  Scaled run(kPlain);
  run.feed(load_log({kApi}, 3, 4, kNeverSilent));
  const auto commands = run.commands();
  ASSERT_FALSE(commands.empty());
  const Json& first = commands.front();
  EXPECT_EQ(first["type"], "io.headroom.action.scale.v1");
  EXPECT_EQ(first["subject"], kApi);
  EXPECT_EQ(first["data"]["current"]["replicas"], 4);
  EXPECT_EQ(first["data"]["reason"]["code"], "step_limit") << "a doubling at most within a tick";
  EXPECT_EQ(first["data"]["desired"]["replicas"], 8);
  EXPECT_EQ(first["data"]["reason"]["evidence"]["forecast"], "withheld");
  EXPECT_EQ(first["data"]["reason"]["evidence"]["withheld"], "starting");
  EXPECT_EQ(first["data"]["reason"]["evidence"]["metric"], "requests_per_second");
  EXPECT_EQ(commands.at(1)["data"]["desired"]["replicas"], 13) << "1000 / (100 x 0.8), and room of 3 %";
}

TEST(PredictiveScaling, withholds_forecasts_until_they_are_proven_and_says_why) {
  Scaled run(kPlain);
  run.feed(load_log({kApi}, 200, 14, kNeverSilent));
  const auto forecasts = run.forecasts();
  ASSERT_EQ(forecasts.size(), 199u) << "one a minute that is over";
  EXPECT_EQ(forecasts.at(2)["data"]["withheld"], "starting");
  EXPECT_EQ(forecasts.at(100)["data"]["withheld"], "rebuilding");
  EXPECT_TRUE(forecasts.at(100)["data"]["horizons"].empty());
  const Json& last = forecasts.back()["data"];
  EXPECT_FALSE(last.contains("withheld"));
  ASSERT_EQ(last["horizons"].size(), 3u);
  EXPECT_EQ(last["horizons"][2]["ahead"], "15m");
  EXPECT_LE(last["horizons"][2]["quantiles"]["0.5"], last["horizons"][2]["quantiles"]["0.95"]);
  EXPECT_GE(last["horizons"][0]["weights"].size(), 10u);
  EXPECT_LT(last["scorecard"]["relative_error"], 1);
  EXPECT_NEAR(last["horizons"][1]["point"].get<double>(), load_at(205 * 60), 60);
}

// A service that does what it is told, half a minute later.
TEST(PredictiveScaling, goes_out_ahead_of_the_load_once_forecasts_are_proven) {
  Scaled run(R"({"targets": [{"target": "**", "capacity": 20, "target_utilisation": 0.8, "min_change_forecast": 0.02}]})");
  int64_t running = 60, told = 60;
  size_t ahead = 0;
  for (int64_t second = 0; second < 6 * 3600; second += 15) {
    const int64_t time_ms = kLoadStartMs + second * 1000;
    if (second % 30 == 0) running = told;
    run.driver.pipe(kApi, sample_json(kApi, "requests_per_second", time_ms, load_at(second)));
    run.driver.pipe(kApi, sample_json(kApi, "replicas", time_ms, static_cast<double>(running)));
    run.driver.pipe({}, tick_json(time_ms).value);
    for (const Json& command : run.commands()) {
      const Json& evidence = command["data"]["reason"]["evidence"];
      told = command["data"]["desired"]["replicas"];
      if (command["data"]["reason"]["code"] != "forecast") continue;
      ++ahead;
      EXPECT_EQ(evidence["forecast"], "used");
      EXPECT_GT(evidence["predicted_replicas"], evidence["reactive_replicas"]);
    }
  }
  EXPECT_GT(ahead, 3u);
}

TEST(PredictiveScaling, repeats_the_last_number_in_a_gap_before_it_expires) {
  Scaled run(kPlain);
  run.feed(load_log({kApi}, 40, 13, [](const std::string&, int64_t second) { return second >= 600 && second < 2400; }));
  std::vector<Json> holds;
  for (const Json& command : run.commands())
    if (command["data"]["reason"]["code"] == "hold_missing_data") holds.push_back(command);
  ASSERT_GE(holds.size(), 5u) << "half an hour, five minutes each, after four and a half";
  for (size_t i = 1; i < holds.size(); ++i) {
    EXPECT_LT(holds[i]["time"], holds[i - 1]["expirytime"]) << "never without a command that is alive";
    EXPECT_EQ(holds[i]["data"]["desired"], holds[0]["data"]["desired"]);
    EXPECT_EQ(holds[i]["data"]["reason"]["evidence"]["withheld"], "gap");
  }
}

TEST(PredictiveScaling, proposes_in_the_shadow_with_a_scorecard) {
  Scaled run(R"({"targets": [{"target": "**", "capacity": 100, "mode": "propose"}]})");
  run.feed(load_log({kApi}, 60, 4, kNeverSilent));
  const auto commands = run.commands();
  ASSERT_GE(commands.size(), 3u);
  const Json& last = commands.back()["data"];
  EXPECT_EQ(last["mode"], "propose");
  const Json& scorecard = last["reason"]["evidence"]["scorecard"];
  EXPECT_GT(scorecard["short_running"], 0.9) << "4 replicas never carry 1000";
  EXPECT_LT(scorecard["short_proposed"], 0.1);
  EXPECT_EQ(scorecard["replicas_running"], 4);
}

TEST(PredictiveScaling, learns_what_a_replica_carries_from_how_busy_it_is) {
  Scaled run(R"({"targets": [{"target": "**", "utilisation": "busy"}]})");
  std::vector<Input> log;
  for (int64_t second = 0; second < 5400; second += 15) {
    const int64_t time_ms = kLoadStartMs + second * 1000;
    log.push_back({kApi, sample_json(kApi, "requests_per_second", time_ms, second < 4500 ? 700 : 2000), -1});
    log.push_back({kApi, sample_json(kApi, "busy", time_ms, 0.7), -1});
    log.push_back({kApi, sample_json(kApi, "replicas", time_ms, 10), -1});
    log.push_back(tick_json(time_ms));
  }
  run.feed(log);
  const auto commands = run.commands();
  ASSERT_FALSE(commands.empty());
  EXPECT_NEAR(commands.front()["data"]["reason"]["evidence"]["capacity"].get<double>(), 100, 1);
  EXPECT_GE(commands.front()["time"].get<std::string>(), "2026-01-05T01:15:00Z") << "not before the load rose";
}

TEST(PredictiveScaling, steps_by_a_threshold_between_its_gates) {
  Scaled run(R"({"targets": [{"target": "**", "policy": "threshold", "min": 3, "max": 15,
           "threshold": {"below": 50, "above": 900, "horizon": "5m", "wait": "1m"}}]})");
  run.feed(load_log({kApi}, 30, 3, kNeverSilent));
  const auto commands = run.commands();
  ASSERT_GE(commands.size(), 3u);
  EXPECT_EQ(commands[0]["data"]["desired"]["replicas"], 4);
  EXPECT_EQ(commands[0]["data"]["reason"]["code"], "threshold");
  EXPECT_EQ(commands[1]["data"]["desired"]["replicas"], 5);
  EXPECT_LE(commands.back()["data"]["desired"]["replicas"], 15);
}

TEST(PredictiveScaling, has_nothing_to_do_with_targets_that_no_rule_names) {
  Scaled run(R"({"targets": [{"target": "prod/shop/**", "capacity": 100}]})");
  run.feed(load_log({"test/shop/Deployment/api"}, 3, 4, kNeverSilent));
  EXPECT_TRUE(run.driver.sent().empty());
  EXPECT_EQ(run.driver.key_count("scaling"), 0u);
}

TEST(PredictiveScaling, keeps_what_a_target_may_cost) {
  Scaled run(R"({"targets": [{"target": "**/small", "capacity": 100, "size": "headroom_small"}, {"target": "**", "capacity": 100}]})");
  run.feed(load_log({"prod/shop/Deployment/large"}, 2000, 14, kNeverSilent));
  const uint64_t large = run.driver.checkpoint_bytes();
  run.feed(load_log({"prod/shop/Deployment/small"}, 2000, 14, kNeverSilent));
  EXPECT_LE(large, 34u * 1024) << "the forecaster's 32 KiB, and the decision's state";
  EXPECT_LE(run.driver.checkpoint_bytes() - large, 6u * 1024);
}

// Forecasts proven and decided on, a gap that is carried and one that is not, a target that comes late, refused samples between.
TEST(PredictiveScaling, gives_the_same_bytes_however_its_input_is_cut_and_whenever_it_dies) {
  auto log =
      load_log({kApi, "prod/shop/Deployment/small", "prod/shop/Deployment/idle"}, 170, 11, [](const std::string& target, int64_t second) {
        if (target == kApi) return (second > 3000 && second < 3150) || (second > 4000 && second < 4600);
        return target.ends_with("idle") && (second < 5000 || second > 6000);
      });
  for (size_t i = 50; i < log.size(); i += 97) log[i].value = i % 2 == 0 ? "no sample" : log[i - 40].value;
  const auto params = scaling_params(
      R"({"targets": [{"target": "**/small", "capacity": 30, "size": "headroom_small", "mode": "propose"}, {"target": "**", "capacity": 30}]})");
  EXPECT_EQ(same_under_every_cut(predictive_scaling(params), log), "");
}

}  // namespace
}  // namespace headroom::testing
