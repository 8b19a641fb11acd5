#include <charconv>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "codec/decoding.h"

namespace headroom {
namespace {

constexpr std::string_view kGood = R"({"target":"t","metric":"m","time_ms":1732262400000,"value":1})";

struct Malformed {
  int line;
  std::string reason;
  std::string record;
};
void PrintTo(const Malformed& malformed, std::ostream* out) {
  *out << "line " << malformed.line << ", " << malformed.reason;
}

int number(std::string_view text, int base) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

// %XX and %{N text}, as malformed.txt says.
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
    } else if (text[at + 1] == '{') {
      const size_t blank = text.find(' ', at);
      const size_t close = text.find('}', blank + 2);  // the text to repeat may be a brace
      const std::string piece = unescaped(text.substr(blank + 1, close - blank - 1));
      for (int n = number(text.substr(at + 2, blank - at - 2), 10); n > 0; --n) out += piece;
      at = close;
    } else {
      out += static_cast<char>(number(text.substr(at + 1, 2), 16));
      at += 2;
    }
  }
  return out;
}

std::vector<Malformed> read_corpus() {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/codec/malformed.txt");
  std::vector<Malformed> corpus;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.empty() || text.front() == '#') continue;
    const size_t blank = std::min(text.find(' '), text.size());
    const size_t record = std::min(text.find_first_not_of(' ', blank), text.size());
    corpus.push_back({line, text.substr(0, blank), unescaped(std::string_view(text).substr(record))});
  }
  return corpus;
}

bool is_of_the_record(std::string_view reason) {
  return reason == reject_reason::kEmpty || reason == reject_reason::kNotUtf8 || reason == reject_reason::kTooDeep ||
         reason == reject_reason::kNotJson;
}

class MalformedRecord : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedRecord, is_refused_with_its_reason_both_ways) {
  const auto& [line, reason, record] = GetParam();
  testing::BothWays both;
  const auto& out = both.decode(record);
  EXPECT_TRUE(out.values.empty());
  EXPECT_TRUE(out.ticks.empty());
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, reason);
  EXPECT_EQ(out.rejects[0].count, 1u);
  EXPECT_EQ(out.rejects[0].record, 3u);
  EXPECT_EQ(out.rejects[0].indexes, "");
  ASSERT_EQ(out.reasons.size(), 1u);
  EXPECT_EQ(out.reasons[0], (std::pair<std::string_view, uint64_t>(reason, 1)));
}

TEST_P(MalformedRecord, costs_an_array_itself_alone_where_the_array_stays_json) {
  const auto& [line, reason, record] = GetParam();
  testing::BothWays both;
  const auto& out = both.decode(std::string("[").append(kGood).append(",").append(record).append(",").append(kGood).append("]"));
  ASSERT_EQ(out.rejects.size(), 1u);
  if (is_of_the_record(reason)) {
    EXPECT_TRUE(out.values.empty());
    EXPECT_EQ(out.rejects[0].indexes, "");
    EXPECT_EQ(out.rejects[0].reason, reason == reject_reason::kEmpty ? reject_reason::kNotJson : std::string_view(reason));
    return;
  }
  EXPECT_EQ(out.values.size(), 2u);
  EXPECT_EQ(out.rejects[0].reason, reason);
  EXPECT_EQ(out.rejects[0].count, 1u);
  EXPECT_EQ(out.rejects[0].indexes, "1");
}

INSTANTIATE_TEST_SUITE_P(Corpus, MalformedRecord, ::testing::ValuesIn(read_corpus()),
                         [](const auto& row) { return "line_" + std::to_string(row.param.line); });

TEST(MalformedCorpus, has_at_least_sixty_records_and_every_reason_of_records_and_samples) {
  const auto corpus = read_corpus();
  EXPECT_GE(corpus.size(), 60u);
  for (const std::string_view reason :
       {reject_reason::kEmpty, reject_reason::kNotUtf8, reject_reason::kTooDeep, reject_reason::kNotJson, reject_reason::kMissingTarget,
        reject_reason::kMissingMetric, reject_reason::kMissingTime, reject_reason::kMissingValue, reject_reason::kWrongType,
        reject_reason::kEmptyTarget, reject_reason::kEmptyMetric, reject_reason::kStringTooLong, reject_reason::kControlCharacter,
        reject_reason::kTimeNotInteger, reject_reason::kTimeBefore2000, reject_reason::kTimeAhead, reject_reason::kNotFinite,
        reject_reason::kNegativeReservation, reject_reason::kValueOutOfRange}) {
    EXPECT_TRUE(std::any_of(corpus.begin(), corpus.end(), [&](const Malformed& m) { return m.reason == reason; })) << reason;
  }
}

}  // namespace
}  // namespace headroom
