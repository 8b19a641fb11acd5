#include "policy/lag_key.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

TEST(LagKey, puts_labels_in_place_of_their_names_and_none_where_there_is_no_label) {
  const std::map<std::string, std::string> labels = {{"env", "production"}, {"view", ""}};
  EXPECT_EQ(lag_key("{env}/{view}", "c", "g", labels), "production/none");
  EXPECT_EQ(lag_key("{env}/{service}", "c", "g", labels), "production/none");
  EXPECT_EQ(lag_key("{cluster}.{group}", "c", "g", labels), "c.g");
  EXPECT_EQ(lag_key("all", "c", "g", labels), "all");
}

TEST(LagKey, names_what_a_template_asks_for_in_order) {
  EXPECT_EQ(key_names("{env}/{view}"), (std::vector<std::string_view>{"env", "view"}));
  EXPECT_TRUE(key_names("a{b").empty());
  EXPECT_EQ(lag_key("a{b", "c", "g", {}), "a{b");
}

}  // namespace
}  // namespace headroom
