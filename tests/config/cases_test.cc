#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "config/sizing_topology.h"

namespace headroom::testing {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> cases(const std::string& ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(HEADROOM_SOURCE_DIR "/tests/config/cases"))
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Mistake> mistakes_of(const std::string& text) {
  const auto topologies = topology_declarations();
  std::vector<Mistake> mistakes;
  const auto loaded = load_config_text({text, {}}, topologies, resolve_for_tests, mistakes);
  EXPECT_EQ(loaded.has_value(), mistakes.empty());
  return mistakes;
}

// The first line of a bad case is "// expect: " and what is reported, without the file's name.
TEST(ConfigCases, report_exactly_the_mistake_that_they_name) {
  const auto files = cases(".bad.json");
  ASSERT_GE(files.size(), 60u);
  for (const auto& file : files) {
    const std::string text = read_file(file);
    const std::string expected = text.substr(11, text.find('\n') - 11);
    const auto mistakes = mistakes_of(text);
    ASSERT_EQ(mistakes.size(), 1u) << file << (mistakes.size() > 1 ? mistakes[1].to_string("") : "");
    EXPECT_EQ(mistakes[0].to_string(""), ":" + expected) << file;
  }
}

TEST(ConfigCases, load_when_good) {
  const auto files = cases(".good.json");
  ASSERT_GE(files.size(), 5u);
  for (const auto& file : files) {
    const auto mistakes = mistakes_of(read_file(file));
    EXPECT_TRUE(mistakes.empty()) << file << mistakes.front().to_string("");
  }
}

TEST(ConfigCases, never_show_a_secret_in_a_mistake) {
  for (const auto& file : cases(".bad.json")) {
    for (const auto& mistake : mistakes_of(read_file(file))) {
      EXPECT_EQ(mistake.message.find("hunter2"), std::string::npos) << file;
      EXPECT_EQ(mistake.message.find("12345"), std::string::npos) << file;
    }
  }
}

}  // namespace
}  // namespace headroom::testing
