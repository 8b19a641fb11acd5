// Any bytes as a command found on the action topic: a summary or a reason, nothing else.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "headroom/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto summary = headroom::parse_action({reinterpret_cast<const char*>(data), size});
  const bool known = summary.is_ok() && (summary->type == headroom::kResizeType || summary->type == headroom::kScaleType);
  HEADROOM_CHECK(summary.is_ok() ? known : !summary.status().message().empty());
  return 0;
}
