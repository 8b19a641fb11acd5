#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace headroom {
namespace {

const std::string kFolder = HEADROOM_SOURCE_DIR "/ops/prometheus/";

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// What stands between `before` and the next character that is no part of a name.
std::multiset<std::string> names_after(const std::string& text, const std::string& before) {
  std::multiset<std::string> out;
  for (size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    size_t end = at + before.size();
    while (end < text.size() && (isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    out.insert(text.substr(at + before.size(), end - at - before.size()));
  }
  return out;
}

// Rules and their tests: NAME.rules.yml and NAME.rules.test.yml.
const std::vector<std::string> kRules = {"headroom", "lag"};

// What `headroom lag-source` exports.
const std::set<std::string> kSourceMetrics = {"lag_source_cycle_seconds", "lag_source_interval_seconds", "lag_source_overruns_total",
                                              "lag_source_last_tick_timestamp_seconds"};

TEST(PrometheusRules, fire_and_stay_silent_as_their_tests_say) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  for (const std::string& name : kRules) {
    EXPECT_EQ(std::system(("promtool check rules '" + kFolder + name + ".rules.yml'").c_str()), 0);
    EXPECT_EQ(std::system(("promtool test rules '" + kFolder + name + ".rules.test.yml'").c_str()), 0);
  }
}

TEST(PrometheusRules, each_have_a_test_in_which_they_fire_and_one_in_which_they_do_not) {
  for (const std::string& name : kRules) {
    const auto rules = names_after(text_of(kFolder + name + ".rules.yml"), "alert: ");
    const std::string tests = text_of(kFolder + name + ".rules.test.yml");
    const auto tested = names_after(tests, "alertname: ");
    EXPECT_GE(rules.size(), 10u);
    for (const std::string& rule : rules) {
      EXPECT_TRUE(tested.contains(rule)) << rule;
      EXPECT_NE(tests.find("- alertname: " + rule + "\n"), std::string::npos) << rule << " fires in no test";
      const std::string quiet = "{alertname: " + rule + ", eval_time: ";
      EXPECT_TRUE(tests.find(quiet) != std::string::npos || name == "headroom") << rule << " is silent in no test";
    }
  }
}

TEST(PrometheusRules, ask_only_for_metrics_that_exist) {
  std::string source;
  for (const char* file : {"metrics.cc", "lane_families.cc", "lag_series.cc"})
    source += text_of(HEADROOM_SOURCE_DIR "/src/http/" + std::string(file));
  for (const std::string& file : kRules) {
    const std::string rules = text_of(kFolder + file + ".rules.yml");
    for (const std::string prefix : {"headroom_", "kafka_"}) {
      for (std::string name : names_after(rules, prefix)) {
        if (name.ends_with("_bucket")) name.resize(name.size() - 7);
        if (kSourceMetrics.contains(name)) continue;
        EXPECT_NE(source.find("\"" + prefix + name + "\""), std::string::npos) << prefix << name;
      }
    }
  }
}

}  // namespace
}  // namespace headroom
