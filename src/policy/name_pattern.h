#pragma once

#include <span>
#include <string>
#include <string_view>

namespace headroom {

// Whether a name (of a consumer group, of a topic) fits a pattern: `*` stands for any run of characters, `?` for one, all else for itself.
// Time at most the product of the lengths; no allocation; any thread.
bool name_fits(std::string_view pattern, std::string_view name);

// Whether it fits one of `allow` and none of `deny`.
bool name_passes(std::span<const std::string> allow, std::span<const std::string> deny, std::string_view name);

}  // namespace headroom
