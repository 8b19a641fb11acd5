// The settings of detectors: what is read, what is refused and how it is said.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/settings_reader.h"
#include "config/settings_reference.h"
#include "config/settings_values.h"
#include "operators/lag_detector_params.h"

namespace headroom {
namespace {

struct Detectors {
  std::string key = "{env}/{view}";
  std::vector<LagDetectorParams> all = default_lag_detectors();
};

void declare(SettingVisitor& v, Detectors& detectors) {
  v.list({"detectors", "Detectors."}, detectors.all);
  const std::string fault = lag_detectors_fault(detectors.key, detectors.all);
  v.rule({"detectors"}, fault.empty() ? "detectors must fit the key" : fault, fault.empty());
}

// The mistakes in the settings of one detector, without their places.
std::vector<std::string> mistakes_in(const std::string& settings, Detectors& detectors) {
  std::vector<Mistake> mistakes;
  const auto root = read_json(R"({"detectors":[)" + settings + "]}", mistakes);
  EXPECT_TRUE(root.has_value());
  if (root)
    read_settings(
        *root, "", [&](SettingVisitor& v) { declare(v, detectors); }, refuse_references, mistakes);
  std::vector<std::string> texts;
  for (const auto& mistake : mistakes) texts.push_back(mistake.path + ": " + mistake.message);
  return texts;
}
std::string mistake_in(const std::string& settings) {
  Detectors detectors;
  const auto all = mistakes_in(settings, detectors);
  EXPECT_LE(all.size(), 1u) << all.back();
  return all.empty() ? "" : all[0];
}

TEST(LagDetectorSettings, are_read_whole) {
  Detectors detectors;
  EXPECT_TRUE(mistakes_in(R"({"name":"loss","metric":"time_to_loss_seconds","by":["env","view","topic"],
    "when":[{"label":"env","matches":["prod*"]}],"commit_allowance":"off","aggregation":"min","over":"mean","window":"1m","fires":"below",
    "threshold":3600,"clear":4000.5,"for":"2m","clear_for":"3m","severity":"critical","title":"{topic}","text":"a {value}",
    "resolved_text":"b {reason}","mute":[{"from":"22:00","until":"23:00","days":["sat"],"when":[{"label":"view","matches":["x"]}]}]})",
                          detectors)
                  .empty());
  ASSERT_EQ(detectors.all.size(), 1u);
  const LagDetectorParams& read = detectors.all[0];
  EXPECT_EQ(read.metric, LagMetric::kTimeToLossSeconds);
  EXPECT_EQ(read.by, (std::vector<std::string>{"env", "view", "topic"}));
  EXPECT_EQ(read.when.at(0).matches.at(0), "prod*");
  EXPECT_EQ(read.aggregation, LagAggregation::kMin);
  EXPECT_EQ(read.over, LagOver::kMean);
  EXPECT_EQ(read.window_ms, 60'000);
  EXPECT_FALSE(read.above);
  EXPECT_EQ(read.threshold_micro, 3'600'000'000);
  EXPECT_EQ(read.clear_micro, 4'000'500'000);
  EXPECT_EQ(read.for_ms, 120'000);
  EXPECT_EQ(read.clear_for_ms, 180'000);
  EXPECT_EQ(read.severity, AlertSeverity::kCritical);
  EXPECT_EQ(read.mutes.at(0).when.at(0).label, "view");
}

TEST(LagDetectorSettings, come_back_the_same_from_the_text_that_is_kept_of_them) {
  Detectors detectors;
  detectors.all[1].clear_micro = 0;
  const auto visit = [&](SettingVisitor& v) { declare(v, detectors); };
  const std::string text = settings_text(visit);
  Detectors again;
  again.all.clear();
  ASSERT_TRUE(read_settings_text(text, [&](SettingVisitor& v) { declare(v, again); }).is_ok());
  ASSERT_EQ(again.all.size(), default_lag_detectors().size());
  EXPECT_EQ(settings_text([&](SettingVisitor& v) { declare(v, again); }), text);
  EXPECT_EQ(again.all[0].by, default_lag_detectors()[0].by);
  EXPECT_FALSE(again.all[0].clear_micro.has_value()) << "a clear that is not given follows the threshold";
}

TEST(LagDetectorSettings, are_refused_with_what_is_allowed) {
  EXPECT_EQ(mistake_in(R"({"name":"ok"})"), "");
  EXPECT_NE(mistake_in("{}").find("detectors[0].name: must be set"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","when":[{"matches":["x"]}]})").find("detectors[0].when[0].label: must be set"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"Bad name"})").find("1 to 64 small letters"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","metric":"verdict"})").find("verdicts go with the metric verdict"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","verdicts":["ok"]})").find("verdicts go with the metric verdict"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","metric":"verdict","verdicts":["late"]})").find("near_retention or losing_data"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","by":["env","view","env"]})").find("by must name each label once"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","threshold":5,"clear":6})").find("clear must not lie on the bad side"), std::string::npos);
  EXPECT_EQ(mistake_in(R"({"name":"a","fires":"below","threshold":5,"clear":6})"), "");
  EXPECT_NE(mistake_in(R"({"name":"a","fires":"below","threshold":5,"clear":4})").find("clear must not lie on the bad side"),
            std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","text":"{team} is late"})").find("and {team} is not"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","when":[{"label":"env"}]})").find("matches must have at least one pattern"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","mute":[{"from":"22:00","until":"8 am"}]})").find("a time"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","mute":[{"from":"22:00","until":"25:00"}]})").find("must both be times"), std::string::npos);
  EXPECT_NE(mistake_in(R"({"name":"a","mute":[{"from":"22:00","until":"23:00","when":[{"label":"topic","matches":["x"]}]}]})")
                .find("labels of mute must be among those of by"),
            std::string::npos);
}

TEST(LagDetectorSettings, refuse_a_detector_wider_than_the_key_and_name_the_key_that_would_do) {
  EXPECT_EQ(
      mistake_in(R"({"name":"by_view","by":["view"]})"),
      "detectors: detector by_view puts together what the key {env}/{view} keeps apart: its by lacks env; the key {view} would do, at the "
      "source too");
  EXPECT_EQ(
      mistake_in(R"({"name":"by_topic","by":["topic"]})"),
      "detectors: detector by_topic puts together what the key {env}/{view} keeps apart: its by lacks env and view; a key without labels "
      "(all groups in one lane) would do, at the source too");
  EXPECT_EQ(mistake_in(R"({"name":"by_group","by":["group","cluster"]})"), "") << "a group determines its labels";
  EXPECT_NE(mistake_in(R"({"name":"by_group","by":["group"]})"), "") << "but not without its cluster";
  EXPECT_NE(mistake_in(R"({"name":"a"},{"name":"a"})").find("a comes twice"), std::string::npos);
}

TEST(LagDetectorSettings, name_a_key_that_suits_all_detectors) {
  LagDetectorParams by_view;
  by_view.name = "by_view";
  by_view.by = {"view"};
  LagDetectorParams by_env;
  by_env.name = "by_env_and_service";
  by_env.by = {"env", "service"};
  EXPECT_NE(lag_detectors_fault("{env}/{view}", {by_env, by_view}).find("a key without labels"), std::string::npos);
  EXPECT_NE(lag_detectors_fault("{env}-{service}/{view}", {by_env}).find("the key {env}/{service} would do"), std::string::npos);
  EXPECT_EQ(lag_detectors_fault("all", {by_env, by_view}), "");
}

TEST(LagDetectorSettings, shipped_ones_are_valid_and_the_first_is_that_of_the_contract) {
  EXPECT_EQ(lag_detectors_fault("{env}/{view}", default_lag_detectors()), "");
  Detectors detectors;
  EXPECT_TRUE(read_settings_text(settings_text([&](SettingVisitor& v) { declare(v, detectors); }), [&](SettingVisitor& v) {
                declare(v, detectors);
              }).is_ok());
  const LagDetectorParams first = default_lag_detectors()[0];
  EXPECT_EQ(first.metric, LagMetric::kLagSeconds);
  EXPECT_EQ(first.by, (std::vector<std::string>{"env", "view", "partition"}));
  EXPECT_EQ(first.aggregation, LagAggregation::kMax);
  EXPECT_EQ(first.over, LagOver::kMax);
  EXPECT_EQ(first.window_ms, 300'000);
  EXPECT_TRUE(first.above);
  EXPECT_EQ(first.threshold_micro, 1'200'000'000);
  EXPECT_EQ(first.for_ms, 600'000);
}

TEST(LagDetectorSettings, are_in_the_reference) {
  Detectors detectors;
  const std::string reference = settings_reference([&](SettingVisitor& v) { declare(v, detectors); });
  for (const std::string name : {"clear_for", "commit_allowance", "resolved_text", "matches", "near_retention"})
    EXPECT_NE(reference.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace headroom
