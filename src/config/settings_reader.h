#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.h"
#include "config/settings.h"
#include "headroom/status.h"

namespace headroom {

// A value that stands elsewhere: {"file": "path"} or {"env": "NAME"}.
struct Reference {
  enum class Kind { kFile, kEnvironment };
  Kind kind = Kind::kFile;
  std::string name;
};

// Fetches what a reference names; kNotFound or another failure with one sentence for a person.
using ResolveReference = std::function<Result<std::string>(const Reference&)>;
// Refuses every reference; for sections that cannot hold any.
Result<std::string> refuse_references(const Reference& reference);

// Sets everything that `declare_all` names from the object `root`, and appends every mistake: wrong kinds, values out of bounds, unknown
// keys, broken rules. A setting that was a mistake keeps its default. `path` goes before the names in mistakes.
void read_settings(const JsonNode& root, std::string_view path, const std::function<void(SettingVisitor&)>& declare_all,
                   const ResolveReference& resolve, std::vector<Mistake>& mistakes);

// The same for a section kept as JSON text that was read without mistakes before. kInvalid with the first mistake otherwise.
Status read_settings_text(std::string_view json, const std::function<void(SettingVisitor&)>& declare_all);

}  // namespace headroom
