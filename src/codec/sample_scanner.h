#pragma once

#include <cstdint>

#include "headroom/codec.h"

namespace headroom::codec {

// Decodes in place what nearly all producers of samples write: compact JSON, strings of printable ASCII without escapes, known members in
// any order and none of them twice, unknown ones that are strings. It knows only good samples.
class SampleScanner {
 public:
  explicit SampleScanner(const SampleDecoderOptions& options) : options_(options) {}

  // True when the whole record was such; its samples are appended and their views point into it. False, with nothing appended, for any
  // other record, good or bad: SampleDocument decides. Reads no byte outside of the record.
  bool scan(const Record& record, uint32_t index, Decoded<Sample>& out);

 private:
  SampleDecoderOptions options_;
  // Copying it is several times faster than what compilers make of clearing so many bytes. Never written: a store just before would stall
  // the copy.
  Decoded<Sample>::Value blank_ = {};
};

}  // namespace headroom::codec
