#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

namespace headroom {

// A text with {name} in it, where {{ is a brace: the parts between the names, each with the name that follows it. Pure; any thread.
struct TextTemplatePart {
  std::string text;
  std::optional<std::string> name;  // its value comes behind the text; none in the last part
};

// At least one part. kInvalid: a brace that is not closed.
Result<std::vector<TextTemplatePart>> parse_text_template(std::string_view text);

}  // namespace headroom
