#include "cli/collect_series.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

CollectMapping mapping(const std::string& target, const std::string& instance = {}) {
  CollectMapping out;
  out.queries = {{"requests", "r"}, {"replicas", "n"}};
  out.target = *parse_text_template(target);
  if (!instance.empty()) out.labels.emplace_back("instance", *parse_text_template(instance));
  return out;
}

PrometheusSeries series(std::map<std::string, std::string> labels, std::vector<PrometheusPoint> points = {{1000, 1.5}}) {
  return {std::move(labels), std::move(points)};
}

TEST(CollectSeries, are_named_by_their_labels) {
  PrometheusAnswer answer;
  answer.series = {series({{"ns", "shop"}, {"deployment", "api"}, {"pod", "api-1"}}), series({{"ns", "shop"}, {"deployment", "web"}})};
  Collected out;
  const CollectMapping with = mapping("prod/{ns}/Deployment/{deployment}", "{pod}");
  ASSERT_TRUE(add_answer(with, 0, answer, 1, out));
  ASSERT_EQ(out.series.size(), 2u);
  EXPECT_EQ(out.series[0].target, "prod/shop/Deployment/api");
  EXPECT_EQ(collected_sample(with, out.series[0], out.series[0].points[0]),
            R"({"target":"prod/shop/Deployment/api","metric":"requests","time_ms":1000,"value":1.5,"labels":{"instance":"api-1"}})");
  // A label that comes out empty is none.
  EXPECT_EQ(collected_sample(with, out.series[1], out.series[1].points[0]),
            R"({"target":"prod/shop/Deployment/web","metric":"requests","time_ms":1000,"value":1.5})");
}

TEST(CollectSeries, without_a_label_of_the_target_are_left_out_and_said) {
  PrometheusAnswer answer;
  answer.series = {series({{"ns", "shop"}}), series({{"ns", "shop"}, {"deployment", ""}}), series({{"ns", "shop"}, {"deployment", "api"}})};
  Collected out;
  ASSERT_TRUE(add_answer(mapping("{ns}/{deployment}"), 0, answer, 1, out));
  EXPECT_EQ(out.series.size(), 1u);
  EXPECT_EQ(out.unnamed, 2u);
  EXPECT_EQ(out.unnamed_examples, std::vector<std::string>{"query requests: a series has no label deployment; it has ns=\"shop\""});
}

TEST(CollectSeries, that_cannot_be_told_apart_are_refused) {
  PrometheusAnswer answer;
  answer.series = {series({{"app", "a"}, {"pod", "1"}}), series({{"app", "a"}, {"pod", "2"}})};
  Collected out;
  const Status status = add_answer(mapping("{app}"), 1, answer, 1, out);
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_EQ(status.message(),
            "query replicas gives several series for the target a; sum over them in the query, or tell them apart with --target, "
            "--instance or --label");
  EXPECT_TRUE(add_answer(mapping("{app}", "{pod}"), 1, answer, 1, out));
  EXPECT_TRUE(add_answer(mapping("{app}"), 0, {{series({{"app", "a"}})}, 0, 0, {}}, 1, out)) << "another query may have the same target";
}

TEST(CollectSeries, count_what_is_absent) {
  PrometheusAnswer answer;
  answer.series = {series({}, {{1000, 1}, {2000, 2}}), series({{"app", "a"}}, {{1000, 1}})};
  answer.not_finite = 3;
  Collected out;
  ASSERT_TRUE(add_answer(mapping("t{app}", ""), 0, {{answer.series[1]}, 3, 0, {}}, 10, out));
  EXPECT_EQ(out.points, 1u);
  EXPECT_EQ(out.not_finite, 3u);
  EXPECT_EQ(out.absent, 6u);
}

TEST(CollectQuery, is_a_name_and_an_expression) {
  const auto query = parse_collect_query("requests=sum by (a) (rate(b{c=\"d\"}[1m]))");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->name, "requests");
  EXPECT_EQ(query->expression, "sum by (a) (rate(b{c=\"d\"}[1m]))");
  for (const char* text : {"", "up", "=up", "up=", "up{job=\"x\"}", "1a=up", "a b=up", "a,b=up"}) {
    ASSERT_FALSE(parse_collect_query(text)) << text;
    EXPECT_NE(parse_collect_query(text).status().message().find("expected NAME=EXPRESSION"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace headroom
