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
