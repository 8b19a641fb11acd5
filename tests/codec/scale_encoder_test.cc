#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "headroom/codec.h"

namespace headroom {
namespace {

constexpr Envelope kEnvelope{.source = "/headroom/prod", .lane = "lag_watch/3", .incarnation = 1, .sequence = 4711, .input_offset = 88121};

ScaleAction action() {
  ScaleAction made;
  made.target = "prod-eu1/checkout/Deployment/payments";
  made.code = "too_few_consumers";
  made.time_ms = 1795342500000;
  made.expiry_ms = made.time_ms + 300'000;
  made.current = 1;
  made.desired = 5;
  made.max_useful = 12;
  made.lower = 1;
  made.upper = 8;
  made.uncapped = 5;
  made.cooldown_ms = 90'000;
  made.evidence = GroupEvidence{.cluster = "prod",
                                .group = "payments",
                                .verdict = "falling_behind",
                                .produced_milli = 4'000'000,
                                .consumed_milli = 999'950,
                                .rate_of_one_milli = 1'000'000,
                                .busy_minutes = 7,
                                .lag_records = 240'000,
                                .max_lag_ms = 61'500,
                                .catch_up_ms = 600'000,
                                .partitions = 24};
  return made;
}

std::string encoded(const ScaleAction& made, const Envelope& envelope = kEnvelope) {
  Encoded out;
  encode_scale(made, envelope, out);
  return out.value;
}

nlohmann::json parsed(const ScaleAction& made, const Envelope& envelope = kEnvelope) {
  return nlohmann::json::parse(encoded(made, envelope));
}

TEST(ScaleEncoder, writes_the_cloud_event_of_the_contract_byte_for_byte) {
  EXPECT_EQ(
      encoded(action()),
      R"({"specversion":"1.0","id":"cc27fef26a45c454","source":"/headroom/prod","type":"io.headroom.action.scale.v1",)"
      R"("subject":"prod-eu1/checkout/Deployment/payments","time":"2026-11-22T10:15:00Z","expirytime":"2026-11-22T10:20:00Z",)"
      R"("partitionkey":"prod-eu1/checkout/Deployment/payments","lane":"lag_watch/3","sequence":"00000000000000004711","datacontenttype":"application/json",)"
      R"("data":{"action":"scale","resource":"replicas","mode":"apply",)"
      R"("target":{"cluster":"prod-eu1","namespace":"checkout","kind":"Deployment","name":"payments"},)"
      R"("current":{"replicas":1},"desired":{"replicas":5},"max_useful":12,"bounds":{"lower":1,"upper":8,"uncapped":5},)"
      R"("reason":{"code":"too_few_consumers","message":"gets 4000.0 records/s and has 240000 to catch up within 10m; one consumer reads 1000.0/s: 5 are needed, it has 1",)"
      R"("evidence":{"cluster":"prod","group":"payments","verdict":"falling_behind","produced_per_second":4000.0,"consumed_per_second":999.95,"rate_of_one_per_second":1000.0,)"
      R"("busy_minutes":7,"lag_records":240000,"max_lag":"1m1s500ms","catch_up":"10m","partitions":24,"offset":88121}},)"
      R"("guard":{"cooldown":"1m30s"}}})");
}

TEST(ScaleEncoder, keys_by_target_and_tells_type_and_subject_in_headers) {
  Encoded out;
  out.key = "old";
  out.headers = {{"old", "old"}};
  encode_scale(action(), kEnvelope, out);
  EXPECT_EQ(out.key, "prod-eu1/checkout/Deployment/payments");
  const std::vector<std::pair<std::string, std::string>> headers = {{"type", "io.headroom.action.scale.v1"},
                                                                    {"subject", "prod-eu1/checkout/Deployment/payments"}};
  EXPECT_EQ(out.headers, headers);
}

TEST(ScaleEncoder, gives_another_id_to_another_group_time_lane_or_target_and_to_nothing_else) {
  const auto id = [](const ScaleAction& made, const Envelope& envelope = kEnvelope) { return parsed(made, envelope)["id"]; };
  const auto own = id(action());
  ScaleAction other = action();
  other.desired = 6;
  std::get<GroupEvidence>(other.evidence).lag_records = 1;
  EXPECT_EQ(id(other), own);
  Envelope later = kEnvelope;
  later.sequence = 4712;
  EXPECT_EQ(id(action(), later), own);
  other = action();
  std::get<GroupEvidence>(other.evidence).group = "refunds";
  EXPECT_NE(id(other), own);
  other = action();
  other.time_ms += 1;
  EXPECT_NE(id(other), own);
  other = action();
  other.target += "2";
  EXPECT_NE(id(other), own);
  later = kEnvelope;
  later.lane = "lag_watch/4";
  EXPECT_NE(id(action(), later), own);
}

TEST(ScaleEncoder, says_what_the_limits_held_back) {
  ScaleAction made = action();
  made.uncapped = 9;
  made.desired = 8;
  EXPECT_TRUE(parsed(made)["data"]["reason"]["message"].get<std::string>().ends_with(": 9 are needed, it has 1; 8 are allowed"));
  made.uncapped = 13;
  EXPECT_TRUE(parsed(made)["data"]["reason"]["message"].get<std::string>().ends_with(": 13 are needed, it has 1; 12 can have a partition"));
  made.uncapped = 1;
  EXPECT_TRUE(parsed(made)["data"]["reason"]["message"].get<std::string>().ends_with(": 1 is needed, it has 1"));
}

TEST(ScaleEncoder, leaves_out_what_is_not_known_and_survives_any_number) {
  ScaleAction made = action();
  made.mode = ActionMode::kPropose;
  std::get<GroupEvidence>(made.evidence).max_lag_ms.reset();
  std::get<GroupEvidence>(made.evidence).produced_milli = std::numeric_limits<int64_t>::max();
  made.target = "elsewhere";
  const auto data = parsed(made)["data"];
  EXPECT_FALSE(data["reason"]["evidence"].contains("max_lag"));
  EXPECT_EQ(data["mode"], "propose");
  EXPECT_EQ(data["target"].dump(), R"({"name":"elsewhere"})");
}

ScaleAction load_action() {
  ScaleAction made = action();
  made.code = "forecast";
  made.current = 18;
  made.desired = 22;
  made.max_useful = made.upper = 40;
  made.uncapped = 22;
  made.cooldown_ms = 0;
  made.evidence = LoadEvidence{.metric = "requests_per_second",
                               .forecast = "used",
                               .withheld = {},
                               .load = 1394.5,
                               .capacity = 100,
                               .capacity_spread = 0,
                               .target_utilisation = 0.75,
                               .reactive = 18.6,
                               .expected_load = 2010.25,
                               .predicted = 21.6,
                               .stabilised = 18,
                               .surprise = 0,
                               .lead_ms = 165'000,
                               .start_up_ms = 90'000,
                               .relative_error = 0.75,
                               .scored = 1440,
                               .by_forecast = true,
                               .turns_left = 5,
                               .shadow = {}};
  return made;
}

TEST(ScaleEncoder, writes_why_a_load_asked_for_it) {
  const std::string value = encoded(load_action());
  EXPECT_EQ(
      value.substr(value.find(R"("reason")")),
      R"("reason":{"code":"forecast","message":"carries 1394 of requests_per_second and up to 2010 within 2m45s; a replica takes 100: 18.6 are needed now, 21.6 for what is expected, it has 18",)"
      R"("evidence":{"metric":"requests_per_second","load":1394.5,"forecast":"used","capacity":100,"target_utilisation":0.75,"reactive_replicas":18.6,)"
      R"("predicted_replicas":21.6,"stabilised_replicas":18,"expected_load":2010.25,"lead":"2m45s","start_up":"1m30s","relative_error":0.75,"scored":1440,)"
      R"("by_forecast":true,"turns_left":5,"offset":88121}},"guard":{"cooldown":"0s"}}})");
  EXPECT_TRUE(parse_action(value));
}

TEST(ScaleEncoder, writes_the_scorecard_of_a_shadow_and_why_there_is_no_forecast) {
  ScaleAction made = load_action();
  auto& evidence = std::get<LoadEvidence>(made.evidence);
  evidence.withheld = "gap";
  evidence.surprise = 3;
  evidence.shadow = ShadowEvidence{100, 0.01, 0.25, 12.5, 10};
  made.code = "hold_missing_data";
  const auto reason = parsed(made)["data"]["reason"];
  EXPECT_EQ(reason["message"], "has a load or replicas that are not known now, and stays at 22");
  EXPECT_EQ(reason["evidence"]["withheld"], "gap");
  EXPECT_EQ(reason["evidence"]["surprise_replicas"], 3);
  EXPECT_EQ(reason["evidence"]["scorecard"].dump(),
            R"({"replicas_proposed":12.5,"replicas_running":10,"short_proposed":0.01,"short_running":0.25,"ticks":100})");
}

TEST(ActionSummary, reads_a_scale_command) {
  const auto summary = parse_action(encoded(action()));
  ASSERT_TRUE(summary) << summary.status().to_string();
  EXPECT_EQ(summary->type, kScaleType);
  EXPECT_EQ(summary->action, "scale");
  EXPECT_EQ(summary->resource, "replicas");
  EXPECT_EQ(summary->current, 1);
  EXPECT_EQ(summary->desired, 5);
  EXPECT_EQ(summary->code, "too_few_consumers");
  EXPECT_EQ(summary->sequence, 4711u);
}

}  // namespace
}  // namespace headroom
