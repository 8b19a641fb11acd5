#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "codec/same_decoded.h"
#include "headroom/codec.h"

// One record through both ways of decoding, which must agree in everything.
namespace headroom::testing {

inline constexpr int64_t kTimestampMs = 1'732'262'400'000;

// Decodes records from a buffer of exactly their size, so that a sanitizer sees a read beyond them.
class BothWays {
 public:
  explicit BothWays(SampleDecoderOptions options = {}) {
    options.scan_first = true;
    scanning_ = make_sample_decoder(options);
    options.scan_first = false;
    parsing_ = make_sample_decoder(options);
  }

  // The result lives until the next call.
  const Decoded<Sample>& decode(std::string_view json, int64_t timestamp_ms = kTimestampMs) {
    bytes_ = std::make_unique<char[]>(json.size());
    json.copy(bytes_.get(), json.size());
    const Record record{7, timestamp_ms, {}, {bytes_.get(), json.size()}};
    run(*scanning_, record, scanned_);
    run(*parsing_, record, parsed_);
    EXPECT_TRUE(same_decoded(scanned_, parsed_)) << json;
    return scanned_;
  }

 private:
  static void run(Decoder<Sample>& decoder, const Record& record, Decoded<Sample>& out) {
    out.clear();
    decoder.begin_batch();
    decoder.decode(record, 3, out);
  }

  std::unique_ptr<Decoder<Sample>> scanning_;
  std::unique_ptr<Decoder<Sample>> parsing_;
  std::unique_ptr<char[]> bytes_;
  Decoded<Sample> scanned_;
  Decoded<Sample> parsed_;
};

}  // namespace headroom::testing
