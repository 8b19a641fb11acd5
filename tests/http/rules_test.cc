#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

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

TEST(PrometheusRules, fire_and_stay_silent_as_their_tests_say) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  EXPECT_EQ(std::system(("promtool check rules '" + kFolder + "headroom.rules.yml'").c_str()), 0);
  EXPECT_EQ(std::system(("promtool test rules '" + kFolder + "headroom.rules.test.yml'").c_str()), 0);
}

TEST(PrometheusRules, each_have_a_test) {
  const auto rules = names_after(text_of(kFolder + "headroom.rules.yml"), "alert: ");
  const auto tested = names_after(text_of(kFolder + "headroom.rules.test.yml"), "alertname: ");
  EXPECT_GE(rules.size(), 10u);
  for (const std::string& rule : rules) EXPECT_TRUE(tested.contains(rule)) << rule;
}

TEST(PrometheusRules, ask_only_for_metrics_that_exist) {
  const std::string source =
      text_of(HEADROOM_SOURCE_DIR "/src/http/metrics.cc") + text_of(HEADROOM_SOURCE_DIR "/src/http/lane_families.cc");
  for (std::string name : names_after(text_of(kFolder + "headroom.rules.yml"), "headroom_")) {
    if (name.ends_with("_bucket")) name.resize(name.size() - 7);
    EXPECT_NE(source.find("\"headroom_" + name + "\""), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace headroom
