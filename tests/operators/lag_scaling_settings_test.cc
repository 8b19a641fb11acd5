#include <gtest/gtest.h>

#include "config/settings_reader.h"
#include "operators/lag_scaling_params.h"

namespace headroom {
namespace {

Status read(LagScalingParams& params, std::string_view json) {
  return read_settings_text(json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
}

std::string mistake_of(std::string_view json) {
  LagScalingParams params;
  return read(params, json).message();
}

TEST(LagScalingSettings, scale_no_group_unless_told) {
  LagScalingParams params;
  EXPECT_TRUE(read(params, "{}"));
  EXPECT_TRUE(params.groups.empty());
}

TEST(LagScalingSettings, have_the_defaults_of_the_contract_for_a_group) {
  LagScalingParams params;
  const Status status = read(params, R"({"groups":[{"group":"payments"}]})");
  ASSERT_TRUE(status) << status.to_string();
  ASSERT_EQ(params.groups.size(), 1u);
  const LagScalingRule& rule = params.groups[0];
  EXPECT_EQ(rule.target, "{cluster}/kafka/ConsumerGroup/{group}");
  EXPECT_EQ(rule.catch_up_ms, 600'000);
  EXPECT_EQ(rule.least, 1);
  EXPECT_EQ(rule.most, 0);
  EXPECT_EQ(rule.assignor, Assignor::kRange);
  EXPECT_EQ(rule.mode, ActionMode::kApply);
}

TEST(LagScalingSettings, are_all_read) {
  LagScalingParams params;
  const Status status = read(
      params, R"({"groups":[{"group":"pay*","target":"eu/shop/Deployment/{group}","min":2,"max":9,"catch_up":"5m","start_up":"90s",)"
              R"("stabilise_out":"2m","stabilise_in":"1h","repeat_after":"20m","min_change":0.2,"assignor":"sticky","mode":"propose"}]})");
  ASSERT_TRUE(status) << status.to_string();
  const LagScalingRule& rule = params.groups.at(0);
  EXPECT_EQ(rule.target, "eu/shop/Deployment/{group}");
  EXPECT_EQ(rule.least, 2);
  EXPECT_EQ(rule.most, 9);
  EXPECT_EQ(rule.catch_up_ms, 300'000);
  EXPECT_EQ(rule.start_up_ms, 90'000);
  EXPECT_EQ(rule.out_window_ms, 120'000);
  EXPECT_EQ(rule.in_window_ms, 3'600'000);
  EXPECT_EQ(rule.repeat_after_ms, 1'200'000);
  EXPECT_EQ(rule.min_change, 0.2);
  EXPECT_EQ(rule.assignor, Assignor::kSticky);
  EXPECT_EQ(rule.mode, ActionMode::kPropose);
}

TEST(LagScalingSettings, refuse_what_makes_no_sense) {
  EXPECT_NE(mistake_of(R"({"groups":[{}]})").find("groups[0].group: must be set"), std::string::npos);
  EXPECT_NE(mistake_of(R"({"groups":[{"group":"a","min":3,"max":2}]})").find("min must not be above max"), std::string::npos);
  EXPECT_NE(mistake_of(R"({"groups":[{"group":"a*","target":"eu/shop/Deployment/a"}]})").find("target must name {group}"),
            std::string::npos);
  EXPECT_EQ(mistake_of(R"({"groups":[{"group":"a","target":"eu/shop/Deployment/a"}]})"), "");
  EXPECT_NE(mistake_of(R"({"groups":[{"group":"a","target":"eu/{view}/Deployment/a"}]})"), "") << "nothing but cluster and group is put in";
  EXPECT_NE(mistake_of(R"({"groups":[{"group":"a","stabilise_in":"2h"}]})"), "") << "an hour is remembered";
  EXPECT_NE(mistake_of(R"({"groups":[{"group":"a","min":0}]})"), "");
}

}  // namespace
}  // namespace headroom
