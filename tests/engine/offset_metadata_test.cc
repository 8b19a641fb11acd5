#include "engine/offset_metadata.h"

#include <gtest/gtest.h>

#include <random>

namespace headroom {
namespace {

OffsetMetadata sample() {
  OffsetMetadata metadata;
  metadata.incarnation = 3;
  metadata.epoch = 41;
  metadata.slot = "ip-10-0-0-7.worker_2";
  metadata.function = 0x1f0c7b2e9a4d71c3;
  metadata.last_record_offset = 4711;
  metadata.last_record_timestamp = 1'732'262'400'000;
  metadata.outputs = {{"headroom.actions", 88, 0xdeadbeef}, {"headroom.rejected", 0, 0}};
  return metadata;
}

TEST(OffsetMetadata, comes_back_as_it_was) {
  OffsetMetadata least;
  least.slot = "s";
  for (const OffsetMetadata& metadata : {sample(), least}) {
    const auto back = decode_offset_metadata(encode_offset_metadata(metadata));
    ASSERT_TRUE(back.is_ok());
    EXPECT_EQ(back->incarnation, metadata.incarnation);
    EXPECT_EQ(back->epoch, metadata.epoch);
    EXPECT_EQ(back->slot, metadata.slot);
    EXPECT_EQ(back->function, metadata.function);
    EXPECT_EQ(back->last_record_offset, metadata.last_record_offset);
    EXPECT_EQ(back->last_record_timestamp, metadata.last_record_timestamp);
    EXPECT_EQ(back->outputs, metadata.outputs);
  }
}

TEST(OffsetMetadata, stays_below_the_limit_with_many_long_topics_and_the_largest_numbers) {
  OffsetMetadata metadata = sample();
  metadata.incarnation = metadata.epoch = metadata.function = UINT64_MAX;
  metadata.last_record_offset = metadata.last_record_timestamp = INT64_MIN;
  metadata.slot = std::string(249, 's');
  metadata.outputs.clear();
  for (char c = 'a'; c < 'i'; ++c) metadata.outputs.push_back({std::string(60, c), UINT64_MAX, UINT64_MAX});
  const std::string text = encode_offset_metadata(metadata);
  EXPECT_LE(text.size(), 1500u);
  EXPECT_EQ(text.find('\0'), std::string::npos);
  EXPECT_TRUE(decode_offset_metadata(text).is_ok());
}

TEST(OffsetMetadata, tells_foreign_text_and_other_formats_from_broken_text) {
  for (const char* foreign : {"", "h", "hr", "hr1", "{\"a\":1}", "hr2;1;2;3", "HR1;"})
    EXPECT_EQ(decode_offset_metadata(foreign).status().code(), Code::kSchema) << foreign;
  for (const char* broken : {"hr1;", "hr1;1;2;slot", "hr1;0123456789abcdef"})
    EXPECT_EQ(decode_offset_metadata(broken).status().code(), Code::kCorrupt) << broken;
}

TEST(OffsetMetadata, refuses_every_truncation_and_every_changed_byte) {
  const std::string text = encode_offset_metadata(sample());
  for (size_t at = 0; at < text.size(); ++at) {
    EXPECT_FALSE(decode_offset_metadata(std::string_view(text).substr(0, at)).is_ok()) << at;
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      EXPECT_EQ(decode_offset_metadata(changed).is_ok(), changed == text) << at << " " << byte;
    }
  }
}

TEST(OffsetMetadata, refuses_random_edits) {
  const std::string text = encode_offset_metadata(sample());
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = text;
    changed.insert(random() % changed.size(), 1, text[random() % text.size()]);
    if (random() % 2 == 0) changed.erase(random() % changed.size(), random() % 20 + 1);
    ASSERT_EQ(decode_offset_metadata(changed).is_ok(), changed == text) << changed;
  }
}

TEST(OffsetMetadataDeathTest, does_not_write_a_slot_that_cannot_be_read) {
  for (const char* slot : {"", "a b", "a;b", "ä", "a\n"}) {
    OffsetMetadata metadata = sample();
    metadata.slot = slot;
    EXPECT_DEATH(encode_offset_metadata(metadata), "is_name");
  }
}

}  // namespace
}  // namespace headroom
