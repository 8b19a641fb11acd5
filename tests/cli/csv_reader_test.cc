#include "cli/csv_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace headroom::testing {
namespace {

// "line|field|field" a row, "line!fault" a bad one, reading `step` bytes at a time.
std::string rows_of(std::string_view text, size_t step = 1 << 20) {
  size_t at = 0;
  CsvReader reader([&](char* buffer, size_t size) -> Result<size_t> {
    const size_t n = std::min({step, size, text.size() - at});
    std::memcpy(buffer, text.data() + at, n);
    at += n;
    return n;
  });
  std::string out;
  for (CsvRow row;;) {
    std::string fault;
    const auto read = reader.next(row, fault);
    EXPECT_TRUE(read.is_ok());
    if (!read || *read == CsvReader::Outcome::kEnd) return out;
    out += std::to_string(row.line);
    if (*read == CsvReader::Outcome::kBadRow)
      out += "!" + fault;
    else
      for (const auto& field : row.fields) out += "|" + field;
    out += "\n";
  }
}

TEST(CsvReader, splits_as_rfc_4180_says) {
  EXPECT_EQ(rows_of(""), "");
  EXPECT_EQ(rows_of("a,b\n"), "1|a|b\n");
  EXPECT_EQ(rows_of("a,b"), "1|a|b\n");
  EXPECT_EQ(rows_of("a,\n,b\r\n,"), "1|a|\n2||b\n3||\n");
  EXPECT_EQ(rows_of("\"a,b\",\"c\"\"d\"\n\"\",x\n"), "1|a,b|c\"d\n2||x\n");
  EXPECT_EQ(rows_of("\"a\nb\",c\nd,e\n"), "1|a\nb|c\n3|d|e\n") << "lines are counted within quotes, too";
  EXPECT_EQ(rows_of("\xef\xbb\xbf"
                    "a,b\n\n\r\nc,d\n"),
            "1|a|b\n4|c|d\n");
}

TEST(CsvReader, goes_on_behind_a_bad_row) {
  EXPECT_EQ(rows_of("a\"b,c\nd,e\n"), "1!a quote stands within a field that does not begin with one\n2|d|e\n");
  EXPECT_EQ(rows_of("\"a\"b,c\nd,e\n"), "1!text stands behind a closing quote\n2|d|e\n");
  EXPECT_EQ(rows_of("a,b\n\"c,d\ne\n"), "1|a|b\n2!a quoted field has no end\n");
  EXPECT_EQ(rows_of("a\rb\nc\n"), "1!a carriage return stands within a line\n2|c\n");
  EXPECT_EQ(rows_of(std::string(2 << 20, 'x') + "\ny\n"), "1!a field is longer than 1 MiB\n2|y\n");
}

TEST(CsvReader, passes_on_that_the_text_cannot_be_read) {
  CsvReader reader([](char*, size_t) -> Result<size_t> { return Status(Code::kInvalid, "broken disk"); });
  CsvRow row;
  std::string fault;
  EXPECT_EQ(reader.next(row, fault).status().message(), "broken disk");
}

TEST(CsvReader, gives_the_same_in_pieces_of_any_size) {
  std::mt19937_64 random(3);
  const std::string alphabet = "a,\"\n\r\xef\xbb\xbf;\0";
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const std::string whole = rows_of(text);
    ASSERT_EQ(rows_of(text, 1 + random() % 5), whole) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace headroom::testing
