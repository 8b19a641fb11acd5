#include "http/lag_source_metrics.h"

#include <gtest/gtest.h>

#include "http/routes.h"

namespace headroom {
namespace {

std::string scrape(const LagSourceMetrics& metrics) {
  Routes routes;
  const auto collectable = metrics.collectable();
  routes.add_metrics(collectable);
  return "\n" + routes.answer("/metrics").body;
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(LagSourceMetrics, tell_of_the_last_cycle_and_of_all_together) {
  LagSourceMetrics metrics;
  LagSourceCycle cycle;
  cycle.duration_seconds = 0.2;
  cycle.groups = 3;
  cycle.denied_groups = 1;
  cycle.unavailable_partitions = 2;
  cycle.samples = 5;
  cycle.exact = 4;
  cycle.bracketed = 1;
  cycle.tick_unix_seconds = 100;
  metrics.cycle(cycle);
  cycle.groups = 2;
  cycle.overrun = true;
  metrics.cycle(cycle);
  const std::string text = scrape(metrics);
  EXPECT_TRUE(has(text, "headroom_lag_source_groups 2")) << text;
  EXPECT_TRUE(has(text, "headroom_lag_source_denied_groups 1"));
  EXPECT_TRUE(has(text, "headroom_lag_source_unavailable_partitions 2"));
  EXPECT_TRUE(has(text, "headroom_lag_source_samples_total{quality=\"exact\"} 8"));
  EXPECT_TRUE(has(text, "headroom_lag_source_samples_total{quality=\"bracketed\"} 2"));
  EXPECT_TRUE(has(text, "headroom_lag_source_overruns_total 1"));
  EXPECT_TRUE(has(text, "headroom_lag_source_cycle_duration_seconds_count 2"));
  EXPECT_TRUE(has(text, "headroom_lag_source_last_tick_timestamp_seconds 100"));
}

TEST(LagSourceMetrics, show_failures_before_there_is_one) {
  LagSourceMetrics metrics;
  EXPECT_TRUE(has(scrape(metrics), "headroom_lag_source_failures_total{where=\"observing\"} 0"));
  metrics.failure("observing");
  EXPECT_TRUE(has(scrape(metrics), "headroom_lag_source_failures_total{where=\"observing\"} 1"));
}

}  // namespace
}  // namespace headroom
