#include "cli/prometheus_answer.h"

#include <gtest/gtest.h>

#include "cli/prometheus_client.h"

namespace headroom {
namespace {

std::string matrix(const std::string& series) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
}

TEST(PrometheusAnswer, gives_labels_and_points) {
  const auto answer =
      read_prometheus_answer(matrix(R"({"metric":{"__name__":"load","app":"a"},"values":[[1732262400,"1.5"],[1732262400.25,"-2e3"]]},)"
                                    R"({"metric":{},"values":[]})"));
  ASSERT_TRUE(answer) << answer.status().to_string();
  ASSERT_EQ(answer->series.size(), 2u);
  EXPECT_EQ(answer->series[0].labels.at("app"), "a");
  ASSERT_EQ(answer->series[0].points.size(), 2u);
  EXPECT_EQ(answer->series[0].points[0].time_ms, 1'732'262'400'000);
  EXPECT_EQ(answer->series[0].points[0].value, 1.5);
  EXPECT_EQ(answer->series[0].points[1].time_ms, 1'732'262'400'250);
  EXPECT_EQ(answer->series[0].points[1].value, -2000);
  EXPECT_TRUE(answer->series[1].points.empty());
}

TEST(PrometheusAnswer, leaves_out_and_counts_what_is_no_finite_number) {
  const auto answer = read_prometheus_answer(
      matrix(R"({"metric":{},"values":[[1,"NaN"],[2,"+Inf"],[3,"-Inf"],[4,"1e999"],[5,"7"]],"histograms":[[6,{}],[7,{}]]})"));
  ASSERT_TRUE(answer) << answer.status().to_string();
  EXPECT_EQ(answer->not_finite, 4u);
  EXPECT_EQ(answer->histograms, 2u);
  ASSERT_EQ(answer->series[0].points.size(), 1u);
  EXPECT_EQ(answer->series[0].points[0].time_ms, 5000);
}

TEST(PrometheusAnswer, passes_warnings_on) {
  const auto answer = read_prometheus_answer(R"({"status":"success","warnings":["a","b"],"data":{"resultType":"matrix","result":[]}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->warnings, (std::vector<std::string>{"a", "b"}));
}

TEST(PrometheusAnswer, of_another_shape_is_refused) {
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"), std::string(R"({"status":"error"})"),
        std::string(R"({"status":"success"})"), std::string(R"({"status":"success","data":{"resultType":"vector","result":[]}})"),
        std::string(R"({"status":"success","data":{"resultType":"matrix","result":{}}})"), matrix("7"), matrix(R"({"values":[]})"),
        matrix(R"({"metric":{"a":1}})"), matrix(R"({"metric":{},"values":7})"), matrix(R"({"metric":{},"values":[[1]]})"),
        matrix(R"({"metric":{},"values":[["1","2"]]})"), matrix(R"({"metric":{},"values":[[1,2]]})"),
        matrix(R"({"metric":{},"values":[[1,""]]})"), matrix(R"({"metric":{},"values":[[1,"1x"]]})"),
        matrix(R"({"metric":{},"values":[[1e300,"1"]]})"), matrix(R"({"metric":{},"values":[[2,"1"],[1,"1"]]})")}) {
    const auto answer = read_prometheus_answer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.status().code(), Code::kCorrupt) << body;
  }
}

TEST(PrometheusAnswer, says_what_an_error_says) {
  EXPECT_EQ(read_prometheus_error(R"({"status":"error","errorType":"bad_data","error":"parse error"})"), "bad_data: parse error");
  EXPECT_EQ(read_prometheus_error(R"({"error":"x"})"), "x");
  EXPECT_EQ(read_prometheus_error("Unauthorized"), "");
  EXPECT_EQ(read_prometheus_error(R"({"error":7})"), "");
}

TEST(PrometheusQuestion, is_encoded_as_a_form_wants_it) {
  EXPECT_EQ(percent_encoded("sum(a{b=\"c d\"}) + 1~-._Z9"), "sum%28a%7Bb%3D%22c%20d%22%7D%29%20%2B%201~-._Z9");
  EXPECT_EQ(percent_encoded("\xc3\xa4"), "%C3%A4");
}

}  // namespace
}  // namespace headroom
