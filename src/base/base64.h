#pragma once

#include <optional>
#include <string>
#include <string_view>

// Bytes as letters (RFC 4648, section 4, with padding). Any thread.
namespace headroom {

std::string base64(std::string_view bytes);
// None unless the text is what base64() makes of some bytes.
std::optional<std::string> base64_bytes(std::string_view text);

}  // namespace headroom
