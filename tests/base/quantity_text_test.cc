#include "base/quantity_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom {
namespace {

TEST(QuantityText, prints_the_largest_unit_that_divides) {
  EXPECT_EQ(format_bytes(0), "0B");
  EXPECT_EQ(format_bytes(64 << 20), "64MiB");
  EXPECT_EQ(format_bytes(1536 << 10), "1536KiB");
  EXPECT_EQ(format_bytes(1000), "1000B");
  EXPECT_EQ(format_bytes(int64_t{3} << 40), "3TiB");
}

TEST(QuantityText, reads_back_what_it_prints) {
  for (const int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{1023}, int64_t{1024}, int64_t{10} << 20, int64_t{999'999'999'999'999'999}}) {
    const auto back = parse_bytes(format_bytes(bytes));
    ASSERT_TRUE(back.is_ok()) << bytes;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(QuantityText, reads_binary_and_decimal_units_and_fractions_that_come_out_whole) {
  EXPECT_EQ(*parse_bytes("64MiB"), 64 << 20);
  EXPECT_EQ(*parse_bytes("1.5GiB"), int64_t{3} << 29);
  EXPECT_EQ(*parse_bytes("2MB"), 2'000'000);
  EXPECT_EQ(*parse_bytes("1kB"), 1000);
  EXPECT_EQ(*parse_bytes("1024"), 1024);
  EXPECT_EQ(*parse_bytes("7TiB"), int64_t{7} << 40);
}

TEST(QuantityText, refuses_what_is_not_a_size) {
  for (const char* text : {"", "MiB", "-1MiB", "+1", "1 MiB", "1mib", "1M", "1.MiB", ".5MiB", "1..5MiB", "0.3B", "1.0001KiB", "8388608TiB",
                           "1234567890123456789", "1e3", "64MiB "}) {
    const auto result = parse_bytes(text);
    EXPECT_FALSE(result.is_ok()) << text;
    EXPECT_EQ(result.status().code(), Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace headroom
