#pragma once

#include <string>

#include "headroom/status.h"

// Writing that has reached the disk when it returns. kInvalid with what could not be done, where and why. Any thread.
namespace headroom {

// Behind what the file holds; makes it when it is missing.
Status append_durably(const std::string& path, const std::string& text);
// In place of what the file holds: whoever looks, at any moment, sees the one or the other.
Status replace_durably(const std::string& path, const std::string& text);

}  // namespace headroom
