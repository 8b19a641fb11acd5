#pragma once

#include <string_view>

namespace headroom {

// Whether a target (cluster/namespace/kind/name) fits a pattern: `*` stands for any run of characters within one part, `**` for any run
// across parts, `?` for one character other than the slash; all else for itself. Time at most the product of the lengths; no allocation;
// any thread.
bool target_fits(std::string_view pattern, std::string_view target);

}  // namespace headroom
