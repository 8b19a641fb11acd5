#pragma once

#include <cstdint>
#include <string_view>

#include "codec/block_arena.h"
#include "codec/byte_arena.h"
#include "codec/json_text.h"
#include "headroom/lag_codec.h"

namespace headroom::codec {

// Decodes one record of `headroom.lag`. What values view lives until begin_batch(). One thread.
class LagDocument {
 public:
  explicit LagDocument(const LagDecoderOptions& options) : options_(options) {}

  void begin_batch();
  void decode(const Record& record, uint32_t index, Decoded<LagEvent>& out);

 private:
  struct Members;

  // Each gives the reason against the record; empty when there is none.
  std::string_view decode_event(const Members& members, int64_t latest_ms, LagEvent& out);
  std::string_view decode_tick(const Members& members, int64_t latest_ms, LagTick& out);
  std::string_view decode_context(const Members& members, LagContext& out);
  std::string_view decode_forgotten(const Members& members, LagForgotten& out);
  std::string_view decode_sample(const Members& members, int64_t latest_ms, LagSample& out);
  std::string_view decode_group(const Members& members, LagSample& out);
  std::string_view decode_labels(const Members& members, LagSample& out);
  // A kept string: copied. Absent and null are empty.
  std::string_view decode_text(const Members& members, size_t name, std::string_view& out);
  // The same of a name that must be there.
  std::string_view decode_name(const Members& members, size_t name, std::string_view& out);
  std::string_view check_text(const simdjson::dom::element& in, std::string_view& out) const;

  LagDecoderOptions options_;
  JsonText json_;
  ByteArena arena_;
  BlockArena<LagLabel, 2048> labels_;
};

}  // namespace headroom::codec
