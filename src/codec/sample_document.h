#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/byte_arena.h"
#include "headroom/codec.h"

namespace headroom::codec {

// Decodes any record: parses it whole with simdjson, then judges its samples one by one. Strings are copied into an arena that lives until
// begin_batch().
class SampleDocument {
 public:
  explicit SampleDocument(const SampleDecoderOptions& options);

  void begin_batch() { arena_.reset(); }
  void decode(const Record& record, uint32_t index, Decoded<Sample>& out);

 private:
  struct Members;
  struct Judge;

  // The parsed record, valid until the next parse; or the reason against it.
  std::string_view parse(std::string_view json, simdjson::dom::element& out);
  simdjson::error_code parse_padded(std::string_view json, simdjson::dom::element& out);
  void decode_array(const simdjson::dom::array& array, Judge& judge, Decoded<Sample>& out);
  // The reason against an element; empty when it was appended.
  std::string_view decode_element(const simdjson::dom::element& element, const Judge& judge, Decoded<Sample>& out);
  std::string_view decode_tick(const Members& members, const Judge& judge, Decoded<Sample>& out);
  std::string_view decode_sample(const Members& members, const Judge& judge, Sample& out);
  std::string_view decode_labels(const simdjson::dom::element& labels, Sample& out);
  std::string_view decode_string(const simdjson::dom::element& element, std::string_view& out);
  void keep_strings(Sample& sample);

  SampleDecoderOptions options_;
  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> padded_;
  size_t padded_capacity_ = 0;
  std::string repaired_;
  ByteArena arena_;
};

}  // namespace headroom::codec
