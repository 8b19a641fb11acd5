#pragma once

#include <cstdint>

#include "headroom/codec.h"

namespace headroom::codec {

// Decodes in place what nearly all producers of samples write: compact JSON, strings of printable ASCII without escapes, known members in
// any order and none of them twice, unknown ones that are strings. It knows only good samples.
//
// True when the whole record was such; its samples are appended and their views point into it. False, with nothing appended, for any other
// record, good or bad: SampleDocument decides. Reads no byte outside of the record.
bool scan_samples(const Record& record, uint32_t index, const SampleDecoderOptions& options, Decoded<Sample>& out);

}  // namespace headroom::codec
