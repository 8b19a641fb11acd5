#include "headroom/testing/topology_driver.h"

#include <gtest/gtest.h>

#include "tests/engine/fixtures.h"

namespace headroom::testing {
namespace {

using fixtures::totals;

TEST(TopologyDriver, gives_what_the_sinks_sent_with_its_place) {
  TopologyDriver driver(totals());
  driver.pipe("a", "10 1");
  driver.pipe("a", "11 2;12 4", 99);
  ASSERT_EQ(driver.sent().size(), 3u);
  const auto sums = driver.sent()[1].topic == "sums" ? driver.sent()[1] : driver.sent()[2];
  EXPECT_EQ(sums.key, "a");
  EXPECT_EQ(sums.value, "12 7/3 #1 @1");
  EXPECT_EQ(sums.lane, "totals/0");
  EXPECT_EQ(sums.sequence, 1u);
  EXPECT_EQ(sums.input_offset, 1);
  EXPECT_EQ(sums.arrival_ms, 99);
  EXPECT_EQ(sums.headers, (std::vector<std::pair<std::string, std::string>>{{"of", "/headroom/test"}}));
}

TEST(TopologyDriver, goes_on_after_a_crash_as_if_there_had_been_none) {
  TopologyDriver whole(totals());
  TopologyDriver broken(totals());
  for (int i = 0; i < 60; ++i) {
    const std::string key(1, static_cast<char>('a' + i % 7));
    const std::string value = std::to_string(i * 100) + " " + std::to_string(i);
    whole.pipe(key, value);
    broken.pipe(key, value);
    broken.crash_and_restore();
  }
  EXPECT_GT(whole.sent().size(), 20u);
  EXPECT_EQ(whole.sent(), broken.sent());
}

TEST(TopologyDriver, keeps_rejected_records_apart) {
  TopologyDriver driver(totals());
  driver.pipe("a", "what");
  EXPECT_TRUE(driver.sent().empty());
  ASSERT_EQ(driver.rejected().size(), 1u);
  EXPECT_EQ(driver.rejected()[0].value, "what");
  EXPECT_EQ(driver.rejected_count("not_a_reading"), 1u);
}

TEST(TopologyDriver, describes_the_chain_a_line_a_step) {
  EXPECT_EQ(TopologyDriver(totals()).describe(),
            "totals\n"
            "  from readings\n"
            "    then summing (keyed state, version 1, forgotten after 1 s idle)\n"
            "      then echo (keyed state, version 1, forgotten after 100 s idle)\n"
            "        to echoes\n"
            "      to sums\n"
            "      to echoes\n"
            "  what is bad goes to headroom.rejected\n");
}

}  // namespace
}  // namespace headroom::testing
