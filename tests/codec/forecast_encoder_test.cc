#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "headroom/forecast_codec.h"

namespace headroom {
namespace {

constexpr Envelope kEnvelope{
    .source = "/headroom/prod", .lane = "predictive_scaling/3", .incarnation = 1, .sequence = 12, .input_offset = 88121};
constexpr std::array<std::string_view, 2> kExperts = {"persistence", "ridge"};

ForecastReport report() {
  ForecastReport made;
  made.target = "prod-eu1/checkout/Deployment/payments";
  made.metric = "requests_per_second";
  made.size = "headroom";
  made.time_ms = 1795342500000;
  made.step_ms = 60'000;
  made.value = 120.5;
  made.ahead.push_back({5, 130.25F, {100, 130, 140, 150, 160, 170.1F}, {0.25F, -0.5F}});
  made.experts = kExperts;
  made.relative_error = 0.75;
  made.coverage = 0.95;
  made.scored = 1440;
  return made;
}

std::string encoded(const ForecastReport& made) {
  Encoded out;
  encode_forecast(made, kEnvelope, out);
  return out.value;
}

TEST(ForecastEncoder, writes_the_cloud_event_byte_for_byte) {
  EXPECT_EQ(
      encoded(report()),
      R"({"specversion":"1.0","id":"5f7d2e48fbbae51c","source":"/headroom/prod","type":"io.headroom.forecast.v1",)"
      R"("subject":"prod-eu1/checkout/Deployment/payments/requests_per_second","time":"2026-11-22T10:15:00Z",)"
      R"("partitionkey":"prod-eu1/checkout/Deployment/payments","lane":"predictive_scaling/3","sequence":"00000000000000000012","datacontenttype":"application/json",)"
      R"("data":{"target":{"cluster":"prod-eu1","namespace":"checkout","kind":"Deployment","name":"payments"},"metric":"requests_per_second","size":"headroom","step":"1m","value":120.5,)"
      R"("horizons":[{"ahead":"5m","time":"2026-11-22T10:20:00Z","point":130.25,"quantiles":{"0.1":100,"0.5":130,"0.8":140,"0.9":150,"0.95":160,"0.99":170.1},)"
      R"("weights":{"persistence":0.25,"ridge":-0.5}}],"scorecard":{"scored":1440,"relative_error":0.75,"coverage_0.95":0.95,"demoted":false},"offset":88121}})");
}

TEST(ForecastEncoder, says_why_there_is_none_and_leaves_out_what_is_no_number) {
  ForecastReport made = report();
  made.withheld = "rebuilding";
  made.carried = true;
  made.ahead.clear();
  made.scored = 0;
  made.value = std::numeric_limits<double>::quiet_NaN();
  const auto data = nlohmann::json::parse(encoded(made))["data"];
  EXPECT_EQ(data["withheld"], "rebuilding");
  EXPECT_EQ(data["carried"], true);
  EXPECT_TRUE(data["horizons"].empty());
  EXPECT_FALSE(data.contains("value"));
  EXPECT_EQ(data["scorecard"].dump(), R"({"demoted":false,"scored":0})");
}

TEST(ForecastEncoder, keys_by_target_and_tells_two_metrics_of_one_target_apart) {
  Encoded first, second;
  encode_forecast(report(), kEnvelope, first);
  ForecastReport other = report();
  other.metric = "latency_seconds";
  encode_forecast(other, kEnvelope, second);
  EXPECT_EQ(first.key, "prod-eu1/checkout/Deployment/payments");
  EXPECT_EQ(first.headers.at(1).second, "prod-eu1/checkout/Deployment/payments/requests_per_second");
  EXPECT_NE(nlohmann::json::parse(first.value)["id"], nlohmann::json::parse(second.value)["id"]);
}

}  // namespace
}  // namespace headroom
