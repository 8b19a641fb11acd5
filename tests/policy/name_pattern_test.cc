#include "policy/name_pattern.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(NamePattern, a_star_is_any_run_and_a_question_mark_one_character) {
  for (const auto& [pattern, name] : {std::pair("*", ""),
                                      {"*", "a/b.c"},
                                      {"pay*", "payments"},
                                      {"*-v?", "orders-v2"},
                                      {"a*b*c", "aXbYbZc"},
                                      {"exact", "exact"},
                                      {"**", "x"},
                                      {"", ""}})
    EXPECT_TRUE(name_fits(pattern, name)) << pattern << " " << name;
  for (const auto& [pattern, name] : {std::pair("", "a"), {"pay", "payments"}, {"*-v?", "orders-v"}, {"a*b", "abc"}, {"?", ""}, {"A", "a"}})
    EXPECT_FALSE(name_fits(pattern, name)) << pattern << " " << name;
}

TEST(NamePattern, many_stars_against_a_long_name_end_soon) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(name_fits(pattern + "b", std::string(10'000, 'a')));
}

TEST(NamePattern, a_name_passes_when_it_is_allowed_and_not_denied) {
  const std::string allow[] = {"pay*", "orders"};
  const std::string deny[] = {"*-test"};
  EXPECT_TRUE(name_passes(allow, deny, "payments"));
  EXPECT_TRUE(name_passes(allow, {}, "orders"));
  EXPECT_FALSE(name_passes(allow, deny, "payments-test"));
  EXPECT_FALSE(name_passes(allow, deny, "other"));
  EXPECT_FALSE(name_passes({}, {}, "payments"));
}

}  // namespace
}  // namespace headroom
