#include <memory>

#include "codec/lag_document.h"
#include "headroom/lag_codec.h"

namespace headroom {
namespace {

class LagDecoder final : public Decoder<LagEvent> {
 public:
  explicit LagDecoder(const LagDecoderOptions& options) : document_(options) {}
  void begin_batch() override { document_.begin_batch(); }
  void decode(const Record& record, uint32_t index, Decoded<LagEvent>& out) override { document_.decode(record, index, out); }

 private:
  codec::LagDocument document_;
};

}  // namespace

std::unique_ptr<Decoder<LagEvent>> make_lag_decoder(const LagDecoderOptions& options) {
  return std::make_unique<LagDecoder>(options);
}

}  // namespace headroom
