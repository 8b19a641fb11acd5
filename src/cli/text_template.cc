#include "cli/text_template.h"

#include "base/concat.h"
#include "config/json_tree.h"

namespace headroom {

Result<std::vector<TextTemplatePart>> parse_text_template(std::string_view text) {
  std::vector<TextTemplatePart> parts(1);
  while (!text.empty()) {
    const bool brace = text.starts_with('{');
    if (!brace || text.starts_with("{{")) {
      parts.back().text += text[0];
      text.remove_prefix(brace ? 2 : 1);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos) return Status(Code::kInvalid, concat("a { without its } in ", quote_json(text), "; {{ is a brace"));
    parts.back().name = text.substr(1, end - 1);
    parts.emplace_back();
    text.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace headroom
