#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/concat.h"
#include "config/load.h"
#include "config/sizing_topology.h"

namespace headroom::testing {
namespace {

std::string run(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return "cannot run";
  std::string out;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  return ::pclose(pipe) == 0 ? out : out + "failed";
}

// What no schema can say: bounds of durations and sizes, relations between settings, what a reference resolves to, sizes beyond the bounds
// of a double; and one that has no mistake but its key that stands twice.
const std::set<std::string> kBeyondTheSchema = {"certificate_without_key",
                                                "certificate_without_tls",
                                                "duplicate_key",
                                                "duration_negative",
                                                "duration_too_long",
                                                "duration_too_short",
                                                "idempotence_with_exactly_once",
                                                "leave_before_below_stop_timeout",
                                                "linger_above_interval",
                                                "listen_port_too_large",
                                                "own_property",
                                                "own_producer_property",
                                                "lag_key_of_a_partition",
                                                "lag_label_named_topic",
                                                "lag_own_property",
                                                "lag_properties_without_brokers",
                                                "no_topology",
                                                "no_topology_in_section",
                                                "reference_to_a_bad_value",
                                                "rule_between_sections",
                                                "rule_within_a_list",
                                                "rule_within_a_section",
                                                "secret_env_missing",
                                                "secret_file_missing",
                                                "size_too_small"};

TEST(Schema, accepts_the_good_cases_and_refuses_the_bad_ones) {
  if (run("python3 -c 'import jsonschema' 2>&1") != "") GTEST_SKIP() << "python3-jsonschema is not installed";
  std::string cases;
  for (const auto& entry : std::filesystem::directory_iterator(HEADROOM_SOURCE_DIR "/tests/config/cases")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    std::vector<Mistake> mistakes;
    const auto tree = read_json(text.str(), mistakes);
    const std::string file = entry.path().filename().string();
    const std::string name = file.substr(0, file.find('.'));
    if (!tree || name == "number_beyond_doubles") continue;
    const bool good = file.ends_with(".good.json") || (kBeyondTheSchema.count(name) > 0 && name != "duration_negative");
    cases += concat(cases.empty() ? "" : ",", "{\"name\":", quote_json(file), ",\"good\":", good ? "true" : "false",
                    ",\"value\":", write_json(*tree), "}");
  }
  const std::string given = ::testing::TempDir() + "headroom_schema_test." + std::to_string(::getpid()) + ".json";
  std::ofstream(given) << "{\"schema\":" << config_schema(topology_declarations()) << ",\"cases\":[" << cases << "]}";
  EXPECT_EQ(run("python3 '" HEADROOM_SOURCE_DIR "/tests/config/validate.py' <'" + given + "' 2>&1"), "");
  std::filesystem::remove(given);
}

TEST(Reference, names_every_setting_with_its_default) {
  const auto topologies = topology_declarations();
  std::vector<Mistake> mistakes;
  const auto loaded = load_config_text({R"({"topologies": {"sizing": {"exceptions": [{"target": "a"}]}, "watching": {}}})", {}}, topologies,
                                       resolve_for_tests, mistakes);
  ASSERT_TRUE(loaded);
  const std::string reference = config_reference(topologies);
  const std::string schema = config_schema(topologies);
  for (const auto& setting : effective_config(*loaded, topologies)) {
    const size_t dot = setting.path.rfind('.');
    std::string section = dot == std::string::npos ? "" : setting.path.substr(0, dot);
    const std::string name = dot == std::string::npos ? setting.path : setting.path.substr(dot + 1);
    if (const size_t index = section.find("[0]"); index != std::string::npos) section.replace(index, 3, "[]");
    const size_t at = section.empty() ? 0 : reference.find(concat("## `", section, "`"));
    ASSERT_NE(at, std::string::npos) << section;
    if (setting.value == "[]" && reference.find(concat("## `", setting.path, "[]`")) != std::string::npos) continue;
    const size_t row = reference.find(concat("| `", name, "` | "), at);
    const size_t end = reference.find("\n## ", at);
    EXPECT_LT(row, end) << setting.path;
    if (setting.origin == "default" && setting.value != "\"\"" && setting.value != "[]") {
      const std::string shown = setting.value == R"(["a","b"])" ? R"(["a", "b"])" : setting.value;
      EXPECT_LT(reference.find(concat("`", shown, "`"), row), reference.find('\n', row)) << setting.path;
    }
    EXPECT_NE(schema.find(quote_json(name)), std::string::npos) << setting.path;
  }
}

}  // namespace
}  // namespace headroom::testing
