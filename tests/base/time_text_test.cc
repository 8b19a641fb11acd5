#include "base/time_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(TimeText, prints_utc_and_milliseconds_only_when_there_are_some) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(1795342500000), "2026-11-22T10:15:00Z");
  EXPECT_EQ(format_rfc3339(1795342500250), "2026-11-22T10:15:00.250Z");
  EXPECT_EQ(format_rfc3339(1709164800001), "2024-02-29T00:00:00.001Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999Z");
}

TEST(TimeText, keeps_within_four_digit_years) {
  EXPECT_EQ(format_rfc3339(kMax), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(kMin), "0000-01-01T00:00:00Z");
}

TEST(TimeText, reads_back_the_times_it_prints) {
  for (int64_t ms = -62'167'219'200'000; ms < 253'402'300'800'000; ms += 9'876'543'217) {
    const auto back = parse_rfc3339(format_rfc3339(ms));
    ASSERT_TRUE(back.is_ok());
    ASSERT_EQ(*back, ms);
  }
}

TEST(TimeText, reads_offsets_fractions_and_small_letters) {
  EXPECT_EQ(*parse_rfc3339("2026-11-22T12:15:00+02:00"), 1795342500000);
  EXPECT_EQ(*parse_rfc3339("2026-11-22t05:45:00.5-04:30"), 1795342500500);
  EXPECT_EQ(*parse_rfc3339("2026-11-22 10:15:00.2509999z"), 1795342500250);
}

TEST(TimeText, refuses_what_is_not_a_time) {
  for (const char* text :
       {"", "2026-11-22", "2026-11-22T10:15:00", "2026-02-29T10:15:00Z", "2026-13-01T10:15:00Z", "2026-00-01T10:15:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:15:60Z", "2026-11-22T10:15:00.Z", "2026-11-22T10:15:00Zx",
        "2026-11-22T10:15:00+0200", "2026-11-22T10:15:00+24:00", "26-11-22T10:15:00Z", "2026-11-22T10:15:0-Z", "2026-11-22T1 :15:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).is_ok()) << text;
  }
}

TEST(DurationText, prints_whole_units) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(3'600'000), "1h");
  EXPECT_EQ(format_duration(600'000), "10m");
  EXPECT_EQ(format_duration(90'000), "1m30s");
  EXPECT_EQ(format_duration(1250), "1s250ms");
  EXPECT_EQ(format_duration(90'000'000), "1d1h");
  EXPECT_EQ(format_duration(-5000), "-5s");
}

TEST(DurationText, reads_back_the_durations_it_prints) {
  for (const int64_t ms : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{999}, int64_t{86'399'999}, kMax, kMin}) {
    const auto back = parse_duration(format_duration(ms));
    ASSERT_TRUE(back.is_ok()) << ms;
    EXPECT_EQ(*back, ms);
  }
}

TEST(DurationText, reads_units_from_large_to_small) {
  EXPECT_EQ(*parse_duration("5m"), 300'000);
  EXPECT_EQ(*parse_duration("1h30m"), 5'400'000);
  EXPECT_EQ(*parse_duration("36h"), 129'600'000);
  EXPECT_EQ(*parse_duration("250ms"), 250);
  EXPECT_EQ(*parse_duration("0"), 0);
}

TEST(DurationText, refuses_what_is_not_a_duration) {
  for (const char* text : {"",
                           "-",
                           "5",
                           "m",
                           "5 m",
                           "1.5h",
                           "5m1h",
                           "5m5m",
                           "1h30",
                           "+5m",
                           "--5m",
                           "5min",
                           "5M",
                           " 5m",
                           "5m ",
                           "1m-5s",
                           "9223372036854775808ms",
                           "106751991168d",
                           "106751991167d999h",
                           "18446744073709551616s"}) {
    const auto result = parse_duration(text);
    EXPECT_FALSE(result.is_ok()) << text;
    EXPECT_EQ(result.status().code(), Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace headroom
