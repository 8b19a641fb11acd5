#include "codec/json_text.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "codec/number_repair.h"
#include "headroom/codec.h"

namespace headroom::codec {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kFirstCapacity = size_t{16} * 1024;

}  // namespace

JsonText::JsonText() {
  HEADROOM_CHECK(parser_.allocate(kFirstCapacity, kMaxDepth) == simdjson::SUCCESS);
}

simdjson::error_code JsonText::parse_padded(std::string_view json, simdjson::dom::element& out) {
  const size_t needed = json.size() + simdjson::SIMDJSON_PADDING;
  if (needed > padded_capacity_) {
    padded_capacity_ = std::max(needed * 2, kFirstCapacity);
    padded_ = std::make_unique<char[]>(padded_capacity_);
  }
  std::memcpy(padded_.get(), json.data(), json.size());
  const auto error = parser_.parse(padded_.get(), json.size(), false).get(out);
  HEADROOM_CHECK(error != simdjson::MEMALLOC);
  return error;
}

std::string_view JsonText::parse(std::string_view json, simdjson::dom::element& out) {
  if (json.empty()) return reject_reason::kEmpty;
  auto error = parse_padded(json, out);
  if (error == simdjson::SUCCESS) return {};
  // Which of several errors simdjson reports depends on the machine's instruction set; this order does not.
  if (!simdjson::validate_utf8(json.data(), json.size())) return reject_reason::kNotUtf8;
  if (repair_numbers(json, repaired_)) error = parse_padded(repaired_, out);
  if (error == simdjson::SUCCESS) return {};
  return error == simdjson::DEPTH_ERROR ? reject_reason::kTooDeep : reject_reason::kNotJson;
}

}  // namespace headroom::codec
