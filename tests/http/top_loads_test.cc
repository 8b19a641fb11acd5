#include "http/top_loads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace headroom {
namespace {

const prometheus::MetricFamily& family(const std::vector<prometheus::MetricFamily>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == name; });
}
std::string label(const prometheus::ClientMetric& metric, const std::string& name) {
  const auto found = std::find_if(metric.label.begin(), metric.label.end(), [&](const auto& l) { return l.name == name; });
  return found == metric.label.end() ? "" : found->value;
}

ForecastReport report(std::string_view target, int64_t time_ms) {
  ForecastReport out;
  out.target = target;
  out.metric = "requests_per_second";
  out.time_ms = time_ms;
  out.step_ms = 60'000;
  out.value = 120;
  out.scored = 500;
  out.relative_error = 0.75;
  out.coverage = 0.94;
  out.ahead.push_back({5, 130, {100, 130, 140, 150, 160, 170}, {}});
  return out;
}

TEST(TopLoads, tells_loads_forecasts_and_replicas) {
  TopLoads loads(10);
  loads.update(report("prod/shop/Deployment/api", 1'000'000));
  loads.update(LoadDecision{"prod/shop/Deployment/api", "requests_per_second", "forecast", 1'000'000, 4, 6});
  const auto all = loads.Collect();
  const auto& load = family(all, "headroom_load").metric;
  ASSERT_EQ(load.size(), 1u);
  EXPECT_EQ(label(load[0], "workload"), "Deployment/api");
  EXPECT_EQ(label(load[0], "metric"), "requests_per_second");
  EXPECT_EQ(load[0].gauge.value, 120);
  const auto& ahead = family(all, "headroom_load_forecast").metric;
  ASSERT_EQ(ahead.size(), 2u);
  EXPECT_EQ(label(ahead[0], "ahead"), "5m");
  EXPECT_EQ(label(ahead[1], "quantile"), "0.95");
  EXPECT_EQ(ahead[1].gauge.value, 160);
  EXPECT_EQ(family(all, "headroom_forecast_relative_error").metric.at(0).gauge.value, 0.75);
  EXPECT_EQ(family(all, "headroom_replicas_desired").metric.at(0).gauge.value, 6);
  EXPECT_EQ(label(family(all, "headroom_scale_decisions_total").metric.at(0), "cause"), "forecast");
}

TEST(TopLoads, counts_over_all_but_shows_only_the_largest) {
  TopLoads loads(2, 8);
  for (int i = 0; i < 200; ++i) {
    const std::string target = "c/n/k/t" + std::to_string(i);
    loads.update(LoadDecision{target, "rps", "steady", 1'000'000, i, i});
  }
  EXPECT_LE(loads.candidate_count(), 16u);
  const auto all = loads.Collect();
  const auto& desired = family(all, "headroom_replicas_desired").metric;
  ASSERT_EQ(desired.size(), 2u);
  EXPECT_EQ(desired[0].gauge.value, 199);
  EXPECT_EQ(desired[1].gauge.value, 198);
  EXPECT_EQ(family(all, "headroom_scale_decisions_total").metric.at(0).counter.value, 200);
}

TEST(TopLoads, has_no_forecast_of_what_is_withheld_and_counts_why) {
  TopLoads loads(10);
  ForecastReport withheld = report("a", 1'000'000);
  withheld.withheld = "rebuilding";
  withheld.ahead.clear();
  withheld.scored = 0;
  loads.update(withheld);
  loads.refused("late");
  const auto all = loads.Collect();
  EXPECT_TRUE(family(all, "headroom_load_forecast").metric.empty());
  EXPECT_TRUE(family(all, "headroom_forecast_relative_error").metric.empty()) << "nothing is known of it";
  EXPECT_EQ(label(family(all, "headroom_forecasts_withheld_total").metric.at(0), "reason"), "rebuilding");
  EXPECT_EQ(family(all, "headroom_load_samples_refused_total").metric.at(0).counter.value, 1);
}

TEST(TopLoads, forgets_targets_that_fell_silent_or_went_elsewhere) {
  TopLoads loads(10, 1024, 60'000);
  loads.update(report("old", 1'000'000));
  loads.update(report("new", 1'061'000));
  EXPECT_EQ(family(loads.Collect(), "headroom_load").metric.size(), 1u);
  loads.clear();
  EXPECT_TRUE(family(loads.Collect(), "headroom_load").metric.empty());
}

}  // namespace
}  // namespace headroom
