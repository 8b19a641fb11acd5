#include "cli/collect_window.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

constexpr int64_t kNow = 1'764'000'000'000;

TEST(CollectWindow, stands_on_the_grid_within_its_moments) {
  const CollectWindow window = window_of(100'001, 160'999, 15'000);
  EXPECT_EQ(window.from_ms, 105'000);
  EXPECT_EQ(window.to_ms, 150'000);
  EXPECT_EQ(window.points(), 4);
  EXPECT_EQ(window_of(105'000, 105'000, 15'000).points(), 1);
  EXPECT_TRUE(window_of(105'001, 119'999, 15'000).empty());
  EXPECT_EQ(window_of(105'001, 119'999, 15'000).points(), 0);
}

TEST(CollectWindow, is_cut_into_batches_that_hold_every_step_once) {
  const CollectWindow whole = window_of(0, 15'000LL * 30'000, 15'000);
  int64_t points = 0;
  int64_t next_ms = whole.from_ms;
  while (next_ms <= whole.to_ms) {
    const CollectWindow batch = CollectWindow{next_ms, whole.to_ms, whole.step_ms}.first(11'000);
    EXPECT_EQ(batch.from_ms, next_ms);
    EXPECT_LE(batch.points(), 11'000);
    points += batch.points();
    next_ms = batch.to_ms + batch.step_ms;
  }
  EXPECT_EQ(points, whole.points());
  EXPECT_EQ(points, 30'001);
}

TEST(Moment, is_read_in_each_form) {
  EXPECT_EQ(parse_moment("2026-11-01T00:00:00Z", kNow).value(), 1'793'491'200'000);
  EXPECT_EQ(parse_moment("1732262400000", kNow).value(), 1'732'262'400'000);
  EXPECT_EQ(parse_moment("7d", kNow).value(), kNow - 7LL * 24 * 3600 * 1000);
  EXPECT_EQ(parse_moment("0", kNow).value(), kNow);
  EXPECT_EQ(parse_moment("now", kNow).value(), kNow);
}

TEST(Moment, that_is_none_is_refused_with_what_is_allowed) {
  for (const char* text : {"", "yesterday", "2026-11-01", "-7d", "1.5", "7", "1732262400", "99999999999999999"}) {
    const auto moment = parse_moment(text, kNow);
    ASSERT_FALSE(moment) << text;
    EXPECT_NE(moment.status().message().find("expected"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace headroom
