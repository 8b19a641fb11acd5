#include <gtest/gtest.h>

#include "config/allowed.h"
#include "config/load.h"
#include "config/nearest.h"
#include "config/sizing_topology.h"

namespace headroom::testing {
namespace {

std::optional<LoadedConfig> load(std::string_view text, std::vector<std::string> sets = {}, std::string* first_mistake = nullptr) {
  std::vector<Mistake> mistakes;
  auto loaded = load_config_text({text, sets}, topology_declarations(), resolve_for_tests, mistakes);
  if (first_mistake) *first_mistake = mistakes.empty() ? "" : mistakes.front().to_string("file");
  return loaded;
}

std::string value_of(const std::vector<EffectiveSetting>& settings, std::string_view path) {
  for (const auto& setting : settings)
    if (setting.path == path) return setting.value + " " + setting.origin;
  return "none";
}

TEST(Settings, keep_their_defaults_when_nothing_is_set) {
  const auto loaded = load(R"({"topologies": {"sizing": {}}})");
  ASSERT_TRUE(loaded);
  const Config defaults;
  EXPECT_EQ(loaded->config.installation, defaults.installation);
  EXPECT_EQ(loaded->config.kafka.retention_ms, -1);
  EXPECT_EQ(loaded->config.kafka.fetch_queue_bytes, 64 << 20);
  EXPECT_EQ(loaded->config.engine.max_keys, 2'000'000u);
  ASSERT_EQ(loaded->config.topologies.size(), 1u);
  EXPECT_EQ(loaded->config.topologies[0].name, "sizing");
  EXPECT_EQ(loaded->config.topologies[0].workers, 1);
}

TEST(Settings, take_every_kind_of_value) {
  const auto loaded = load(R"({
    "kafka": {"brokers": {"env": "BROKERS"}, "properties": {"a": true, "b": 5, "c": "x", "d": {"file": "secret.txt"}}, "retention": "7d", "fetch_queue": "1.5MiB"},
    "redis": {"password": {"file": "secret.txt"}},
    "engine": {"delivery": "at_least_once", "propose_only": true, "max_keys": 7},
    "topologies": {"sizing": {"workers": 3, "quantile": 0.5, "band": {"lower": -0.0000005, "upper": 0.25}, "exceptions": [{"target": "a"}]}}})");
  ASSERT_TRUE(loaded);
  const Config& config = loaded->config;
  EXPECT_EQ(config.kafka.brokers, "a:1,b:2");
  EXPECT_EQ(config.kafka.properties, (std::map<std::string, std::string>{{"a", "true"}, {"b", "5"}, {"c", "x"}, {"d", "hunter2"}}));
  EXPECT_EQ(config.kafka.retention_ms, 7 * 86'400'000);
  EXPECT_EQ(config.kafka.fetch_queue_bytes, 3 << 19);
  EXPECT_EQ(config.redis.password, "hunter2");
  EXPECT_EQ(config.engine.delivery, Delivery::kAtLeastOnce);
  EXPECT_TRUE(config.engine.propose_only);
  EXPECT_EQ(config.topologies[0].workers, 3);
  SizingParams params;
  ASSERT_TRUE(read_settings_text(config.topologies[0].params_json, [&](SettingVisitor& v) { declare(v, params); }));
  EXPECT_EQ(params.quantile, 0.5);
  EXPECT_EQ(params.band.lower_micro, 0) << "halves go to even";
  EXPECT_EQ(params.band.upper_micro, 250'000);
  ASSERT_EQ(params.exceptions.size(), 1u);
  EXPECT_EQ(params.exceptions[0].band.upper_micro, 250'000) << "an item is as the prototype where it says nothing";
}

TEST(Settings, have_one_text_however_they_were_written) {
  const auto plain = load(R"({"topologies": {"sizing": {}}})");
  const auto spelt = load(R"({"topologies": {"sizing": {"band": {"upper": 6e-1}, "window": "60m", "workers": 9}}})");
  const auto other = load(R"({"topologies": {"sizing": {"window": "61m"}}})");
  ASSERT_TRUE(plain && spelt && other);
  EXPECT_EQ(plain->config.topologies[0].params_json, spelt->config.topologies[0].params_json);
  EXPECT_NE(plain->config.topologies[0].params_json, other->config.topologies[0].params_json);
}

TEST(Settings, say_every_mistake_at_once) {
  std::vector<Mistake> mistakes;
  const auto topologies = topology_declarations();
  EXPECT_FALSE(load_config_text(
      {R"({"instalation": 1, "http": {"top_k": -1, "listen": 5}, "topologies": {"sizing": {"patience": 0}}, "http": {}})", {}}, topologies,
      resolve_for_tests, mistakes));
  EXPECT_EQ(mistakes.size(), 5u);
}

TEST(Settings, show_where_each_value_comes_from_and_hide_secrets) {
  const auto loaded = load(R"({"http": {"top_k": 5}, "redis": {"password": "hunter2"},
                               "kafka": {"properties": {"sasl.password": "hunter2", "debug": "all", "x": {"file": "secret.txt"}}},
                               "topologies": {"sizing": {"exceptions": [{"target": "a"}]}}})",
                           {"installation=prod"});
  ASSERT_TRUE(loaded);
  const auto settings = effective_config(*loaded, topology_declarations());
  EXPECT_EQ(value_of(settings, "installation"), "\"prod\" --set");
  EXPECT_EQ(value_of(settings, "http.top_k"), "5 file");
  EXPECT_EQ(value_of(settings, "http.listen"), "\"127.0.0.1:9464\" default");
  EXPECT_EQ(value_of(settings, "redis.password"), "\"***\" file");
  EXPECT_EQ(value_of(settings, "kafka.properties"), R"({"debug":"all","sasl.password":"***","x":"***"} file)");
  EXPECT_EQ(value_of(settings, "topologies.sizing.exceptions[0].target"), "\"a\" file");
  EXPECT_EQ(value_of(settings, "topologies.sizing.exceptions[0].mode"), "\"apply\" default");
  EXPECT_EQ(value_of(settings, "topologies.watching.workers"), "none") << "what does not run is not shown";
  for (const auto& setting : settings) EXPECT_EQ(setting.value.find("hunter2"), std::string::npos) << setting.path;
}

TEST(Settings, are_set_from_the_command_line_above_the_file) {
  const auto loaded =
      load(R"({"http": {"top_k": 5}, "topologies": {"sizing": {}}})",
           {"http.top_k=6", "kafka.brokers=h:1,i:2", "kafka.properties.security.protocol=ssl", "kafka.\"producer_properties\".linger.ms=5",
            "installation=123", "topologies.sizing.zones=[\"x\"]", "redis.password=a=b"});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.http.top_k, 6);
  EXPECT_EQ(loaded->config.kafka.brokers, "h:1,i:2");
  EXPECT_EQ(loaded->config.kafka.properties.at("security.protocol"), "ssl");
  EXPECT_EQ(loaded->config.kafka.producer_properties.at("linger.ms"), "5");
  EXPECT_EQ(loaded->config.installation, "123") << "what looks like a number may be a text";
  EXPECT_EQ(loaded->config.redis.password, "a=b");
}

TEST(Settings, refuse_bad_assignments_by_name) {
  const std::string base = R"({"topologies": {"sizing": {}}, "installation": "a"})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http.top_k", "--set: expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"},
      {"=5", "--set: expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"},
      {"http..top_k=5", "--set: expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"},
      {"kafka.properties.=5", "--set: expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"},
      {"http.\"top_k=5", "--set: expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"},
      {"installation.x=5", "--set: installation.x: what stands above \"x\" is not an object"},
      {"http.top_k=many", "--set: http.top_k: found the string \"many\"; allowed: a whole number from 0 to 10000"},
      {"http.topk=5", "--set: http.topk: no such setting; did you mean \"top_k\"? Known here: listen, top_k, lag_top_k, lag_groups"},
  };
  for (const auto& [assignment, expected] : cases) {
    std::string mistake;
    EXPECT_FALSE(load(base, {assignment}, &mistake)) << assignment;
    EXPECT_EQ(mistake, expected) << assignment;
  }
}

TEST(Nearest, finds_what_was_meant_and_nothing_when_nothing_is_close) {
  const std::vector<std::string_view> names = {"brokers", "properties", "partitions", "retention"};
  EXPECT_EQ(nearest_name("borkers", names), "brokers");
  EXPECT_EQ(nearest_name("partition", names), "partitions");
  EXPECT_EQ(nearest_name("colour", names), "");
  EXPECT_EQ(nearest_name(std::string(5000, 'x'), names), "");
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

}  // namespace
}  // namespace headroom::testing
