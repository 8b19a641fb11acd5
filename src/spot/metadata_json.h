#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/json_tree.h"
#include "headroom/status.h"

namespace headroom {

// An object out of an answer of a metadata service. kCorrupt: it is none.
inline Result<JsonNode> read_metadata_json(std::string_view body) {
  std::vector<Mistake> mistakes;
  auto tree = read_json(body, mistakes);
  if (!tree || tree->kind != JsonKind::kObject) return Status(Code::kCorrupt, "the answer of the metadata service is no JSON object");
  return std::move(*tree);
}

// The string member of this name; empty when there is none, or one of another kind.
inline std::string text_member(const JsonNode& object, std::string_view name) {
  const JsonNode* member = object.find(name);
  return member != nullptr && member->kind == JsonKind::kString ? member->text : std::string();
}

}  // namespace headroom
