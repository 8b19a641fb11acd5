#include <gtest/gtest.h>

#include <string_view>

#include "headroom/load_event.h"

namespace headroom {
namespace {

constexpr std::string_view kSample = R"({"target":"t","metric":"rps","time_ms":1767571200000,"value":3})";

Decoded<LoadEvent> decoded(std::string_view value) {
  static const auto decoder = make_load_decoder();
  Decoded<LoadEvent> out;
  decoder->begin_batch();
  decoder->decode({0, -1, {}, value}, 7, out);
  return out;
}

TEST(LoadDecoder, gives_samples_and_ticks_as_values) {
  const auto sample = decoded(kSample);
  ASSERT_EQ(sample.values.size(), 1u);
  EXPECT_FALSE(sample.values[0].value.ends_chunk());
  EXPECT_EQ(sample.values[0].value.time_ms, 1767571200000);
  EXPECT_EQ(sample.values[0].value.sample.value, 3);
  EXPECT_EQ(sample.values[0].record, 7u);

  const auto tick = decoded(R"({"tick_ms":1767571215000,"source":"s","interval_ms":15000})");
  ASSERT_EQ(tick.values.size(), 1u);
  EXPECT_TRUE(tick.values[0].value.ends_chunk());
  EXPECT_EQ(tick.values[0].value.time_ms, 1767571215000);
  EXPECT_EQ(tick.ticks.size(), 1u) << "counted as one";
}

// A chunk ends with the first tick, so it may stand nowhere else.
TEST(LoadDecoder, puts_the_latest_tick_of_a_record_behind_its_samples) {
  const auto mixed = decoded(R"([{"tick_ms":1767571230000},)" + std::string(kSample) + R"(,{"tick_ms":1767571215000},{"target":"t"}])");
  ASSERT_EQ(mixed.values.size(), 2u);
  EXPECT_FALSE(mixed.values[0].value.tick);
  EXPECT_TRUE(mixed.values[1].value.tick);
  EXPECT_EQ(mixed.values[1].value.time_ms, 1767571230000);
  ASSERT_EQ(mixed.rejects.size(), 1u);
  EXPECT_EQ(mixed.rejects[0].reason, reject_reason::kMissingMetric);
  EXPECT_EQ(mixed.rejects[0].indexes, "3");
  ASSERT_EQ(mixed.reasons.size(), 1u);
  EXPECT_EQ(mixed.reasons[0].second, 1u);
}

TEST(LoadDecoder, rejects_what_the_sample_decoder_rejects) {
  const auto bad = decoded("no json");
  EXPECT_TRUE(bad.values.empty());
  ASSERT_EQ(bad.rejects.size(), 1u);
  EXPECT_EQ(bad.rejects[0].record, 7u);
}

}  // namespace
}  // namespace headroom
