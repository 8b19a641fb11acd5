#pragma once

#include <simdjson.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace headroom::codec {

// Parses records with simdjson, with the reasons of headroom/codec.h against those that are none. Allocates only while its buffers grow.
// One thread.
class JsonText {
 public:
  JsonText();
  // Empty, and the parsed record in `out`, valid until the next parse; or the reason against it.
  std::string_view parse(std::string_view json, simdjson::dom::element& out);

 private:
  simdjson::error_code parse_padded(std::string_view json, simdjson::dom::element& out);

  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> padded_;
  size_t padded_capacity_ = 0;
  std::string repaired_;
};

}  // namespace headroom::codec
