#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "codec/byte_arena.h"
#include "codec/json_text.h"
#include "headroom/codec.h"

namespace headroom::codec {

// Decodes any record: parses it whole with simdjson, then judges its samples one by one. Strings are copied into an arena that lives until
// begin_batch().
class SampleDocument {
 public:
  explicit SampleDocument(const SampleDecoderOptions& options) : options_(options) {}

  void begin_batch() { arena_.reset(); }
  void decode(const Record& record, uint32_t index, Decoded<Sample>& out);

 private:
  struct Members;
  struct Judge;

  void decode_array(const simdjson::dom::array& array, Judge& judge, Decoded<Sample>& out);
  // The reason against an element; empty when it was appended.
  std::string_view decode_element(const simdjson::dom::element& element, const Judge& judge, Decoded<Sample>& out);
  std::string_view decode_tick(const Members& members, const Judge& judge, Decoded<Sample>& out);
  std::string_view decode_sample(const Members& members, const Judge& judge, Sample& out);
  std::string_view decode_labels(const simdjson::dom::element& labels, Sample& out);
  std::string_view decode_string(const simdjson::dom::element& element, std::string_view& out);
  void keep_strings(Sample& sample);

  SampleDecoderOptions options_;
  JsonText json_;
  ByteArena arena_;
};

}  // namespace headroom::codec
