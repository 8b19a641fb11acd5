// Any bytes as a record of samples: both ways of decoding agree, and what comes out keeps the promises of headroom/codec.h.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "codec/same_decoded.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

constexpr SampleDecoderOptions kOptions{.max_string_bytes = 48, .max_array = 64};
constexpr int64_t kTimestampMs = 1'732'262'400'000;

void check_string(std::string_view text) {
  HEADROOM_CHECK(text.size() <= kOptions.max_string_bytes);
  for (const char c : text) HEADROOM_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void check_sample(const Sample& sample, int64_t timestamp_ms) {
  HEADROOM_CHECK(!sample.target.empty() && !sample.metric_name.empty());
  for (const std::string_view text : {sample.target, sample.metric_name, sample.container, sample.instance, sample.host, sample.environment,
                                      sample.instance_type, sample.zone}) {
    check_string(text);
  }
  HEADROOM_CHECK(std::isfinite(sample.value) && !(sample.value == 0 && std::signbit(sample.value)));
  const MetricLimits limits = metric_limits(sample.metric);
  HEADROOM_CHECK(sample.value >= limits.least && sample.value <= limits.most);
  HEADROOM_CHECK(sample.metric == metric_named(sample.metric_name));
  HEADROOM_CHECK(sample.time_ms >= 946'684'800'000);
  HEADROOM_CHECK(timestamp_ms < 0 || sample.time_ms <= timestamp_ms + kOptions.max_ahead_ms);
}

void check_rejects(const Decoded<Sample>& out) {
  uint64_t bad = 0;
  for (const auto& reject : out.rejects) {
    HEADROOM_CHECK(!reject.reason.empty() && reject.count > 0 && reject.indexes.size() <= 1024);
    bad += reject.count;
  }
  uint64_t counted = 0;
  for (const auto& [reason, count] : out.reasons) counted += count;
  HEADROOM_CHECK(out.rejects.size() <= 1 && bad == counted);
}

void decode_both_ways(std::string_view bytes, int64_t timestamp_ms) {
  static const auto kScanning = make_sample_decoder(kOptions);
  static const auto kParsing = [] {
    SampleDecoderOptions options = kOptions;
    options.scan_first = false;
    return make_sample_decoder(options);
  }();
  const Record record{0, timestamp_ms, {}, bytes};
  Decoded<Sample> scanned;
  Decoded<Sample> parsed;
  kScanning->begin_batch();
  kScanning->decode(record, 0, scanned);
  kParsing->begin_batch();
  kParsing->decode(record, 0, parsed);
  HEADROOM_CHECK(testing::same_decoded(scanned, parsed));
  for (const auto& value : scanned.values) check_sample(value.value, timestamp_ms);
  check_rejects(scanned);
}

}  // namespace
}  // namespace headroom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A buffer of its own, so that a read past the record's end is seen.
  const auto bytes = std::make_unique<char[]>(size);
  std::copy_n(data, size, bytes.get());
  for (const int64_t timestamp_ms : {headroom::kTimestampMs, int64_t{-1}}) headroom::decode_both_ways({bytes.get(), size}, timestamp_ms);
  return 0;
}
