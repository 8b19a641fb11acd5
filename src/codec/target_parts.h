#pragma once

#include <string_view>

namespace headroom {

// The parts of a target "cluster/namespace/kind/name"; further slashes belong to the name. A target with fewer parts stands whole in
// `name`, and the others are empty.
struct TargetParts {
  std::string_view cluster;
  std::string_view namespace_name;
  std::string_view kind;
  std::string_view name;
};

inline TargetParts target_parts(std::string_view target) {
  const TargetParts whole{{}, {}, {}, target};
  TargetParts parts;
  for (std::string_view* part : {&parts.cluster, &parts.namespace_name, &parts.kind}) {
    const size_t slash = target.find('/');
    if (slash == std::string_view::npos) return whole;
    *part = target.substr(0, slash);
    target.remove_prefix(slash + 1);
  }
  parts.name = target;
  return parts;
}

}  // namespace headroom
