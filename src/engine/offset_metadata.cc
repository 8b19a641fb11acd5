#include "engine/offset_metadata.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/hash.h"

// The form: "hr1;incarnation;epoch;slot;function;last_offset;last_timestamp;topic:sequence:hash,...;checksum". Numbers are decimal, hashes
// and the checksum (XXH3 of everything before it) 16 hexadecimal digits.
namespace headroom {
namespace {

constexpr std::string_view kFamily = "hr";
constexpr std::string_view kFormat = "hr1;";

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::string hex16(uint64_t value) {
  std::string text(16, '0');
  for (size_t i = text.size(); value != 0; value >>= 4) text[--i] = "0123456789abcdef"[value & 15];
  return text;
}

// Takes the text up to `end` off the front.
std::string_view take(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const auto field = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return field;
}

template <class N>
bool read(std::string_view text, N& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_outputs(std::string_view text, std::vector<OutputProgress>& outputs) {
  while (!text.empty()) {
    auto one = take(text, ',');
    OutputProgress output;
    output.topic = take(one, ':');
    const auto sequence = take(one, ':');
    if (!is_name(output.topic) || !read(sequence, output.sequence) || !read(one, output.hash, 16)) return false;
    outputs.push_back(std::move(output));
  }
  return true;
}

bool read_fields(std::string_view text, OffsetMetadata& metadata) {
  if (!read(take(text, ';'), metadata.incarnation) || !read(take(text, ';'), metadata.epoch)) return false;
  metadata.slot = take(text, ';');
  if (!is_name(metadata.slot) || !read(take(text, ';'), metadata.function, 16)) return false;
  if (!read(take(text, ';'), metadata.last_record_offset) || !read(take(text, ';'), metadata.last_record_timestamp)) return false;
  return read_outputs(take(text, ';'), metadata.outputs);
}

}  // namespace

std::string encode_offset_metadata(const OffsetMetadata& metadata) {
  HEADROOM_CHECK(is_name(metadata.slot));
  std::string text(kFormat);
  text += std::to_string(metadata.incarnation) + ";" + std::to_string(metadata.epoch) + ";" + metadata.slot + ";" +
          hex16(metadata.function) + ";";
  text += std::to_string(metadata.last_record_offset) + ";" + std::to_string(metadata.last_record_timestamp) + ";";
  for (size_t i = 0; i < metadata.outputs.size(); ++i) {
    const OutputProgress& output = metadata.outputs[i];
    HEADROOM_CHECK(is_name(output.topic));
    text += (i > 0 ? "," : "") + output.topic + ":" + std::to_string(output.sequence) + ":" + hex16(output.hash);
  }
  text += ";";
  text += hex16(hash_bytes(text));
  HEADROOM_CHECK(text.size() <= kMaxOffsetMetadata);
  return text;
}

Result<OffsetMetadata> decode_offset_metadata(std::string_view text) {
  if (text.substr(0, kFormat.size()) != kFormat) {
    const bool newer = text.size() >= kFormat.size() && text.substr(0, kFamily.size()) == kFamily;
    return Status(Code::kSchema, newer ? "offset metadata of another format" : "no offset metadata of Headroom");
  }
  const Status broken(Code::kCorrupt, "offset metadata that does not check out");
  constexpr size_t kChecksum = 16;
  if (text.size() > kMaxOffsetMetadata || text.size() < kFormat.size() + kChecksum) return broken;
  const auto body = text.substr(0, text.size() - kChecksum);
  if (text.substr(body.size()) != hex16(hash_bytes(body))) return broken;
  OffsetMetadata metadata;
  if (!read_fields(body.substr(kFormat.size()), metadata)) return broken;
  // Only what encode would have written: no leading zeros, no field too many.
  if (encode_offset_metadata(metadata) != text) return broken;
  return metadata;
}

}  // namespace headroom
