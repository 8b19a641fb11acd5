#include <memory>

#include "codec/sample_document.h"
#include "codec/sample_scanner.h"
#include "headroom/codec.h"

namespace headroom {
namespace {

class SampleDecoder final : public Decoder<Sample> {
 public:
  explicit SampleDecoder(const SampleDecoderOptions& options) : scan_first_(options.scan_first), scanner_(options), document_(options) {}

  void begin_batch() override { document_.begin_batch(); }

  void decode(const Record& record, uint32_t index, Decoded<Sample>& out) override {
    if (scan_first_ && scanner_.scan(record, index, out)) return;
    document_.decode(record, index, out);
  }

 private:
  bool scan_first_;
  codec::SampleScanner scanner_;
  codec::SampleDocument document_;
};

}  // namespace

std::unique_ptr<Decoder<Sample>> make_sample_decoder(const SampleDecoderOptions& options) {
  return std::make_unique<SampleDecoder>(options);
}

}  // namespace headroom
