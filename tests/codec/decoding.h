#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <string>
#include <string_view>

#include "headroom/codec.h"

// One record through both ways of decoding, which must agree in everything.
namespace headroom::testing {

inline constexpr int64_t kTimestampMs = 1'732'262'400'000;

inline bool same_sample(const Sample& a, const Sample& b) {
  return a.target == b.target && a.metric_name == b.metric_name && a.container == b.container && a.instance == b.instance &&
         a.host == b.host && a.environment == b.environment && a.instance_type == b.instance_type && a.zone == b.zone &&
         a.time_ms == b.time_ms && std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) && a.metric == b.metric;
}

inline bool same_decoded(const Decoded<Sample>& a, const Decoded<Sample>& b) {
  const auto same_values = [](const auto& x, const auto& y) { return x.record == y.record && same_sample(x.value, y.value); };
  const auto same_ticks = [](const auto& x, const auto& y) {
    return x.record == y.record && x.before_value == y.before_value && x.time_ms == y.time_ms;
  };
  const auto same_rejects = [](const auto& x, const auto& y) {
    return x.record == y.record && x.reason == y.reason && x.count == y.count && x.indexes == y.indexes;
  };
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_values) &&
         std::equal(a.ticks.begin(), a.ticks.end(), b.ticks.begin(), b.ticks.end(), same_ticks) &&
         std::equal(a.rejects.begin(), a.rejects.end(), b.rejects.begin(), b.rejects.end(), same_rejects) && a.reasons == b.reasons;
}

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
