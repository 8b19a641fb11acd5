#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "config/load.h"
#include "config/sizing_topology.h"

namespace headroom::testing {
namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(HEADROOM_SOURCE_DIR "/tests/config/cases")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    texts.push_back(out.str());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::string mutate(std::string text, const std::vector<std::string>& all, std::mt19937_64& random) {
  const std::vector<std::string> words = {
      "{", "}", "[", "]", "\"", ",", ":", "\\u", "//", "/*", "*/", "null", "-1", "1e999", "\"5m\"", "\xff", std::string(1, '\0')};
  for (uint64_t i = random() % 6; i > 0; --i) {
    const size_t at = text.empty() ? 0 : random() % (text.size() + 1);
    switch (random() % 5) {
      case 0:
        text.insert(at, words[random() % words.size()]);
        break;
      case 1:
        text.erase(at, random() % 8);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.resize(at);
        break;
      default: {
        const std::string& other = all[random() % all.size()];
        const size_t from = random() % (other.size() + 1);
        text.insert(at, other.substr(from, random() % 40));
      }
    }
  }
  return text;
}

TEST(HostileText, gives_a_config_or_mistakes_at_places_within_it) {
  const auto all = seeds();
  const auto topologies = topology_declarations();
  std::mt19937_64 random(1);
  size_t loaded_texts = 0;
  for (int i = 0; i < 6'000; ++i) {
    const std::string text = mutate(all[random() % all.size()], all, random);
    std::vector<Mistake> mistakes;
    const auto loaded = load_config_text({text, {}}, topologies, resolve_for_tests, mistakes);
    ASSERT_EQ(loaded.has_value(), mistakes.empty()) << text;
    const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
    for (const auto& mistake : mistakes) {
      ASSERT_FALSE(mistake.message.empty()) << text;
      ASSERT_TRUE(mistake.place.line >= 1 && mistake.place.line <= lines) << text;
    }
    if (!loaded) continue;
    ++loaded_texts;
    ASSERT_FALSE(effective_config(*loaded, topologies).empty());
  }
  EXPECT_GT(loaded_texts, 50u);
}

TEST(HostileText, as_an_assignment_gives_a_config_or_mistakes) {
  const auto all = seeds();
  const auto topologies = topology_declarations();
  std::mt19937_64 random(2);
  for (int i = 0; i < 2'000; ++i) {
    const std::vector<std::string> sets = {mutate("kafka.properties.\"a.b\"=[1,{}]", all, random)};
    std::vector<Mistake> mistakes;
    const auto loaded = load_config_text({R"({"topologies": {"sizing": {}}})", sets}, topologies, resolve_for_tests, mistakes);
    ASSERT_EQ(loaded.has_value(), mistakes.empty()) << sets[0];
  }
}

}  // namespace
}  // namespace headroom::testing
