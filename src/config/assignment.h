#pragma once

#include <string_view>
#include <vector>

#include "config/json_tree.h"

namespace headroom {

// Puts "path=value" into the tree, making the objects on the way; what was there is replaced. A value that is not JSON is a string.
// What cannot be put there is a mistake: no "=", an empty name, a part of the path that is not an object.
void assign(JsonNode& root, std::string_view assignment, std::vector<Mistake>& mistakes);

}  // namespace headroom
