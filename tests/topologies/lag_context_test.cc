// From samples to what lag_watch's alerts say of consumers.

#include "topologies/lag_context.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "config/settings_reader.h"
#include "headroom/state.h"
#include "headroom/testing/every_cut.h"
#include "headroom/testing/topology_driver.h"
#include "operators/consumer_context.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kStartMs = 1'767'571'200'000;
const std::string kTarget = "eu/shop/Deployment/pay";

ConsumerContextParams params_of(const std::string& json) {
  ConsumerContextParams params;
  const Status read = read_settings_text(json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  EXPECT_TRUE(read) << read.to_string();
  return params;
}

ConsumerContextParams one_group() {
  return params_of(R"({"host_metric":"host_cpu","targets":[{"target":"eu/shop/Deployment/pay","cluster":"prod","group":"payments",)"
                   R"("key":"production/checkout"}]})");
}

std::string sample(const std::string& metric, int64_t at_s, double value, const std::string& instance = "a",
                   const std::string& container = "app", const std::string& host = "h1") {
  return Json{{"target", kTarget},
              {"metric", metric},
              {"time_ms", kStartMs + at_s * 1000},
              {"value", value},
              {"labels", {{"instance", instance}, {"container", container}, {"host", host}}}}
      .dump();
}

Json context_of(const OutRecord& record) {
  return Json::parse(record.value);
}

TEST(LagContext, tells_reserved_minus_used_under_the_key_of_the_groups_lag_records) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 2));
  driver.pipe(kTarget, sample("cpu_used_cores", 1, 1.5));
  ASSERT_EQ(driver.sent().size(), 1u);
  const OutRecord& record = driver.sent()[0];
  EXPECT_EQ(record.topic, "headroom.lag");
  EXPECT_EQ(record.key, "production/checkout");
  const Json context = context_of(record);
  EXPECT_EQ(context["kind"], "context");
  EXPECT_EQ(context["time_ms"], kStartMs + 1000);
  EXPECT_EQ(context["cluster"], "prod");
  EXPECT_EQ(context["group"], "payments");
  EXPECT_EQ(context["target"], kTarget);
  EXPECT_DOUBLE_EQ(context["lying_factor_cores"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(context["cpu_used_ratio"].get<double>(), 0.75);
  EXPECT_FALSE(context.contains("host"));
  EXPECT_FALSE(context.contains("host_cpu_ratio"));
}

TEST(LagContext, says_nothing_before_both_are_known) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("cpu_used_cores", 0, 1.5));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 1, 2));
  EXPECT_TRUE(driver.sent().empty());
  driver.pipe(kTarget, sample("cpu_used_cores", 2, 2.5));
  ASSERT_EQ(driver.sent().size(), 1u);
  EXPECT_DOUBLE_EQ(context_of(driver.sent()[0])["lying_factor_cores"].get<double>(), -0.5) << "it uses more than it reserves";
}

TEST(LagContext, comes_at_most_once_a_minute) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 2));
  for (int64_t at_s = 0; at_s < 300; at_s += 5) driver.pipe(kTarget, sample("cpu_used_cores", at_s, 1));
  ASSERT_EQ(driver.sent().size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(context_of(driver.sent()[i])["time_ms"], kStartMs + static_cast<int64_t>(i) * 60'000);
}

TEST(LagContext, tells_of_the_instance_that_is_shortest_of_cpu) {
  TopologyDriver driver(lag_context(one_group()));
  for (const char* instance : {"a", "b", "c"}) driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 2, instance));
  driver.pipe(kTarget, sample("cpu_used_cores", 0, 0.5, "a"));
  driver.pipe(kTarget, sample("cpu_used_cores", 1, 1.9, "b"));
  driver.pipe(kTarget, sample("cpu_used_cores", 60, 0.5, "c"));
  ASSERT_EQ(driver.sent().size(), 2u);
  EXPECT_DOUBLE_EQ(context_of(driver.sent()[1])["cpu_used_ratio"].get<double>(), 0.95);
  driver.pipe(kTarget, sample("cpu_used_cores", 302, 0.5, "a"));
  EXPECT_DOUBLE_EQ(context_of(driver.sent()[2])["cpu_used_ratio"].get<double>(), 0.25) << "b has been silent for over five minutes";
}

TEST(LagContext, looks_at_one_container_when_told) {
  ConsumerContextParams params = one_group();
  params.targets[0].container = "app";
  TopologyDriver driver(lag_context(params));
  for (const char* container : {"app", "proxy"}) driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 2, "a", container));
  driver.pipe(kTarget, sample("cpu_used_cores", 0, 2, "a", "proxy"));
  EXPECT_TRUE(driver.sent().empty());
  driver.pipe(kTarget, sample("cpu_used_cores", 1, 1, "a", "app"));
  ASSERT_EQ(driver.sent().size(), 1u);
  EXPECT_DOUBLE_EQ(context_of(driver.sent()[0])["cpu_used_ratio"].get<double>(), 0.5);
}

TEST(LagContext, names_the_hottest_host) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("host_cpu", 0, 0.4, "a", "app", "h1"));
  driver.pipe(kTarget, sample("host_cpu", 1, 0.97, "b", "app", "h2"));
  driver.pipe(kTarget, sample("host_cpu", 60, 0.5, "a", "app", "h1"));
  ASSERT_EQ(driver.sent().size(), 2u);
  const Json context = context_of(driver.sent()[1]);
  EXPECT_EQ(context["host"], "h2");
  EXPECT_DOUBLE_EQ(context["host_cpu_ratio"].get<double>(), 0.97);
  EXPECT_FALSE(context.contains("lying_factor_cores"));
}

TEST(LagContext, forgets_a_host_that_is_silent_for_over_five_minutes) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("host_cpu", 0, 0.97, "b", "app", "h2"));
  driver.pipe(kTarget, sample("host_cpu", 300, 0.5, "a", "app", "h1"));
  driver.pipe(kTarget, sample("host_cpu", 361, 0.5, "a", "app", "h1"));
  ASSERT_EQ(driver.sent().size(), 3u);
  EXPECT_EQ(context_of(driver.sent()[1])["host"], "h2");
  EXPECT_EQ(context_of(driver.sent()[2])["host"], "h1");
}

TEST(LagContext, says_nothing_of_what_reserves_nothing) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 0));
  driver.pipe(kTarget, sample("cpu_used_cores", 0, 1));
  EXPECT_TRUE(driver.sent().empty());
}

TEST(LagContext, takes_no_host_metric_unless_told_which) {
  ConsumerContextParams params = one_group();
  params.host_metric.clear();
  TopologyDriver driver(lag_context(params));
  driver.pipe(kTarget, sample("host_cpu", 0, 0.4));
  EXPECT_TRUE(driver.sent().empty());
}

TEST(LagContext, goes_to_every_group_of_a_target) {
  ConsumerContextParams params = one_group();
  params.targets.push_back(params.targets[0]);
  params.targets[1].group = "refunds";
  params.targets[1].key = "production/refunds";
  TopologyDriver driver(lag_context(params));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 0, 2));
  driver.pipe(kTarget, sample("cpu_used_cores", 0, 1));
  ASSERT_EQ(driver.sent().size(), 2u);
  EXPECT_EQ(context_of(driver.sent()[0])["group"], "payments");
  EXPECT_EQ(context_of(driver.sent()[1])["group"], "refunds");
  EXPECT_EQ(driver.sent()[1].key, "production/refunds");
}

TEST(LagContext, keeps_nothing_of_other_targets_and_metrics) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe("x", R"({"target":"eu/shop/Deployment/other","metric":"cpu_used_cores","time_ms":1767571200000,"value":1})");
  driver.pipe(kTarget, sample("memory_used_bytes", 0, 1000));
  driver.pipe(kTarget, sample("replicas", 0, 3));
  EXPECT_EQ(driver.key_count("consumers"), 0u);
}

TEST(LagContext, ignores_values_that_are_not_newer) {
  TopologyDriver driver(lag_context(one_group()));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 10, 2));
  driver.pipe(kTarget, sample("cpu_reserved_cores", 9, 8));
  driver.pipe(kTarget, sample("cpu_used_cores", 10, 1));
  driver.pipe(kTarget, sample("cpu_used_cores", 10, 2));
  driver.pipe(kTarget, sample("cpu_used_cores", 70, 1));
  ASSERT_EQ(driver.sent().size(), 2u);
  for (const OutRecord& record : driver.sent()) EXPECT_DOUBLE_EQ(context_of(record)["cpu_used_ratio"].get<double>(), 0.5);
}

TEST(LagContext, keeps_500_instances_of_a_target) {
  const ConsumerContext op{one_group()};
  ConsumerContext::State state;
  std::vector<std::pair<uint32_t, KeyedLagContext>> out;
  Emitter<KeyedLagContext> emit(out);
  std::vector<std::string> names;
  for (int i = 0; i < 700; ++i) names.push_back("pod-" + std::to_string(i));
  for (int i = 0; i < 700; ++i) {
    Sample in;
    in.target = kTarget;
    in.instance = names[static_cast<size_t>(i)];
    in.metric = Metric::kCpuUsedCores;
    in.time_ms = kStartMs + i;
    in.value = 1;
    op.step(state, in, emit);
  }
  ASSERT_EQ(state.instances.size(), ConsumerContext::kMostInstances);
  EXPECT_EQ(state.instances.front().instance, "pod-200") << "those heard of longest ago have gone";
}

TEST(LagContext, gives_the_same_under_every_cut) {
  std::mt19937_64 random(5);
  std::vector<Input> inputs;
  const char* const metrics[] = {"cpu_used_cores", "cpu_reserved_cores", "host_cpu", "memory_used_bytes"};
  for (int64_t i = 0; i < 400; ++i) {
    const std::string instance = "pod-" + std::to_string(random() % 5);
    const double value = static_cast<double>(random() % 1000) / 500;
    inputs.push_back({kTarget,
                      sample(metrics[random() % 4], i * 7 - static_cast<int64_t>(random() % 20), value, instance, "app", "h" + instance),
                      kStartMs + i * 7000});
  }
  EXPECT_EQ(same_under_every_cut(lag_context(one_group()), inputs), "");
}

TEST(LagContext, refuses_targets_without_a_group) {
  ConsumerContextParams params;
  const Status read = read_settings_text(R"({"targets":[{"target":"a/b/c/d","cluster":"prod"}]})",
                                         [&params](SettingVisitor& visitor) { declare(visitor, params); });
  EXPECT_NE(read.message().find("targets[0].group: must be set"), std::string::npos) << read.message();
}

}  // namespace
}  // namespace headroom::testing
