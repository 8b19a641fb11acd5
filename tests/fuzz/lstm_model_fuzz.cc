// Any bytes as a model file: a model that is written and read back the same, or a sentence.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/lstm_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = headroom::read_model({reinterpret_cast<const char*>(data), size});
  if (!model) {
    HEADROOM_CHECK(!model.status().message().empty());
    return 0;
  }
  const std::string text = headroom::write_model(*model);
  const auto again = headroom::read_model(text);
  HEADROOM_CHECK(again.is_ok() && headroom::write_model(*again) == text);
  return 0;
}
