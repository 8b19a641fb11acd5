#include "http/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/collectable.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "http/routes.h"
#include "http/top_workloads.h"

namespace headroom {
namespace {

std::string scrape(const std::vector<std::shared_ptr<prometheus::Collectable>>& collectables) {
  Routes routes;
  for (const auto& collectable : collectables) routes.add_metrics(collectable);
  return routes.answer("/metrics").body;
}

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

void touch_everything(WorkerMetrics& metrics) {
  metrics.count_task("right_sizing", "right_sizing/0", {10, 12, 1, 2, {{"not_json", 3}}});
  metrics.late("right_sizing", 1);
  metrics.batch("right_sizing", 0.001);
  metrics.commit("right_sizing", "committed", 0.005);
  metrics.checkpoint("done", 0.2, 1 << 20, 16);
  metrics.checkpoint_stall(0.001);
  metrics.restore(0.5);
  metrics.replay(0.5, 1000);
  metrics.takeover("restored", 1.2);
  metrics.rebalance();
  metrics.fenced();
  metrics.action("resize", "cpu", "apply");
  metrics.suppressed("cooldown", 2);
  metrics.action_latency(0.02);
  metrics.set_redis(true, 1000);
  metrics.set_kafka(true);
  metrics.set_outbox(3, 900);
  metrics.set_ready(true);
  metrics.set_lane("right_sizing/0", {"live", "", 3.5, 1200, 5, 0.5, 1.7e9, 20'000, 26'000'000, 4});
  metrics.set_lane("right_sizing/1", {"paused", "poison_record", -1, -1, 5, 0.5, -1, 0, 0, 4});
}

struct Workload {
  Workload(const std::string& name, Resource resource, double lying, int64_t time_ms = 0)
      : target("prod/shop/Deployment/" + name), size{target,    "app", "host-1", "production", "c5.xlarge", resource,
                                                     lying + 1, lying, 1,        time_ms} {}
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  operator const WorkloadSize&() const { return size; }

  std::string target;
  WorkloadSize size;
};

Workload workload(const std::string& name, const std::string& resource, double lying, int64_t time_ms = 0) {
  return {name, resource == "cpu" ? Resource::kCpu : Resource::kMemory, lying, time_ms};
}

TEST(WorkerMetrics, pass_promtools_check) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  WorkerMetrics metrics;
  touch_everything(metrics);
  auto top = std::make_shared<TopWorkloads>(10);
  top->update(workload("api", "cpu", 1.5));
  top->update(workload("api", "memory", 1e9));
  const auto path = std::filesystem::temp_directory_path() / ("headroom-metrics-" + std::to_string(getpid()));
  std::ofstream(path) << scrape({metrics.collectable(), top});
  FILE* check = popen(("promtool check metrics < '" + path.string() + "' 2>&1").c_str(), "r");
  ASSERT_NE(check, nullptr);
  std::string said;
  for (int c = fgetc(check); c != EOF; c = fgetc(check)) said.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(check), 0);
  EXPECT_EQ(said, "");
  std::filesystem::remove(path);
}

TEST(WorkerMetrics, add_what_a_task_counted_since_the_last_time) {
  WorkerMetrics metrics;
  metrics.count_task("t", "t/0", {10, 20, 1, 0, {{"not_json", 3}}});
  metrics.count_task("t", "t/0", {15, 25, 1, 0, {{"not_json", 4}, {"no_key", 1}}});
  metrics.count_task("t", "t/1", {100, 100, 0, 0, {}});
  const std::string text = scrape({metrics.collectable()});
  EXPECT_TRUE(has(text, "headroom_records_total{topology=\"t\"} 115")) << text;
  EXPECT_TRUE(has(text, "headroom_values_total{topology=\"t\"} 125"));
  EXPECT_TRUE(has(text, "headroom_rejected_total{reason=\"not_json\",topology=\"t\"} 4"));
  EXPECT_TRUE(has(text, "headroom_rejected_total{reason=\"no_key\",topology=\"t\"} 1"));
}

TEST(WorkerMetrics, count_a_task_made_anew_from_zero) {
  WorkerMetrics metrics;
  metrics.count_task("t", "t/0", {10, 10, 5, 0, {}});
  metrics.count_task("t", "t/0", {4, 4, 0, 0, {}});
  metrics.remove_lane("t/0");
  metrics.count_task("t", "t/0", {6, 6, 0, 0, {}});
  EXPECT_TRUE(has(scrape({metrics.collectable()}), "headroom_records_total{topology=\"t\"} 20"));
}

TEST(WorkerMetrics, show_a_lane_until_it_leaves_and_only_what_is_known_of_it) {
  WorkerMetrics metrics;
  touch_everything(metrics);
  std::string text = scrape({metrics.collectable()});
  EXPECT_TRUE(has(text, "headroom_lane_state{lane=\"right_sizing/0\",state=\"live\"} 1")) << text;
  EXPECT_TRUE(has(text, "headroom_lane_paused{lane=\"right_sizing/1\",reason=\"poison_record\"} 1"));
  EXPECT_TRUE(has(text, "headroom_checkpoint_age_seconds{lane=\"right_sizing/0\"} 3.5"));
  EXPECT_EQ(text.find("headroom_checkpoint_age_seconds{lane=\"right_sizing/1\"}"), std::string::npos);
  metrics.set_lane("right_sizing/1", {"live", "", 1, 1, 5, 0.5, 1, 0, 0, 4});
  metrics.remove_lane("right_sizing/0");
  text = scrape({metrics.collectable()});
  EXPECT_EQ(text.find("lane=\"right_sizing/0\""), std::string::npos);
  EXPECT_EQ(text.find("headroom_lane_paused{"), std::string::npos);
  EXPECT_TRUE(has(text, "headroom_lane_state{lane=\"right_sizing/1\",state=\"live\"} 1"));
}

TEST(WorkerMetrics, of_two_workers_are_one_family_a_name) {
  WorkerMetrics one;
  WorkerMetrics two;
  one.set_lane("t/0", {"live", "", 1, 1, 1, 1, 1, 1, 1, 1});
  two.set_lane("t/1", {"live", "", 1, 1, 1, 1, 1, 1, 1, 1});
  const std::string text = scrape({one.collectable(), two.collectable()});
  const std::string type = "# TYPE headroom_lane_state gauge";
  EXPECT_EQ(text.find(type), text.rfind(type));
  EXPECT_NE(text.find(type), std::string::npos);
}

size_t series(const std::string& text, const std::string& prefix) {
  size_t out = 0;
  for (size_t at = text.find("\n" + prefix); at != std::string::npos; at = text.find("\n" + prefix, at + 1)) ++out;
  return out;
}

TEST(TopWorkloads, show_those_that_lie_most_either_way) {
  auto top = std::make_shared<TopWorkloads>(2);
  top->update(workload("small", "cpu", 0.1));
  top->update(workload("over", "cpu", 3));
  top->update(workload("under", "cpu", -2));
  top->update(workload("other", "memory", 1e6));
  const std::string text = scrape({top});
  EXPECT_EQ(series(text, "headroom_lying_factor{"), 3u) << text;
  EXPECT_TRUE(has(text,
                  "headroom_lying_factor{cluster=\"prod\",namespace=\"shop\",workload=\"Deployment/"
                  "under\",container=\"app\",host=\"host-1\",environment="
                  "\"production\",instance_type=\"c5.xlarge\",resource=\"cpu\",unit=\"cores\"} -2"));
  EXPECT_EQ(text.find("Deployment/small"), std::string::npos);
  EXPECT_NE(text.find("Deployment/over"), std::string::npos);
  EXPECT_EQ(series(text, "headroom_recommended_size{"), 3u);
  EXPECT_EQ(series(text, "headroom_reserved_size{"), 3u);
}

TEST(TopWorkloads, show_the_latest_of_a_container) {
  auto top = std::make_shared<TopWorkloads>(5);
  top->update(workload("api", "cpu", 3));
  top->update(workload("api", "cpu", 0.5));
  const std::string text = scrape({top});
  EXPECT_EQ(series(text, "headroom_lying_factor{"), 1u);
  EXPECT_NE(text.find("unit=\"cores\"} 0.5\n"), std::string::npos);
}

TEST(TopWorkloads, keep_the_greatest_of_many_in_bounded_memory) {
  auto top = std::make_shared<TopWorkloads>(10, 100);
  for (int i = 0; i < 50'000; ++i) top->update(workload("w" + std::to_string(i), "cpu", (i * 7919) % 50'000));
  EXPECT_LE(top->candidate_count(), 200u);
  const std::string text = scrape({top});
  EXPECT_EQ(series(text, "headroom_lying_factor{"), 10u);
  for (int i = 49'990; i < 50'000; ++i) EXPECT_NE(text.find("} " + std::to_string(i) + "\n"), std::string::npos) << i;
}

TEST(TopWorkloads, stay_bounded_when_all_lie_alike) {
  TopWorkloads top(10, 100);
  for (int i = 0; i < 5000; ++i) top.update(workload("w" + std::to_string(i), "cpu", 1));
  EXPECT_LE(top.candidate_count(), 200u);
}

TEST(TopWorkloads, forget_containers_not_seen_any_more) {
  auto top = std::make_shared<TopWorkloads>(10, 100, 1000);
  for (int i = 0; i < 300; ++i) top->update(workload("old" + std::to_string(i), "cpu", 100, 0));
  top->update(workload("new", "memory", 1, 5000));
  EXPECT_EQ(series(scrape({top}), "headroom_lying_factor{"), 1u);
  top->update(workload("small", "cpu", 0.1, 5000));
  EXPECT_EQ(series(scrape({top}), "headroom_lying_factor{"), 2u) << "what lied more is gone, so this one counts";
}

}  // namespace
}  // namespace headroom
