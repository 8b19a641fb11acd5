#include "policy/lag_key.h"

#include <functional>

namespace headroom {
namespace {

// Calls `plain` with what stands between braces and `name` with what stands in them. A brace without its other half is plain.
void walk(std::string_view key_template, const std::function<void(std::string_view)>& plain,
          const std::function<void(std::string_view)>& name) {
  while (!key_template.empty()) {
    const size_t open = key_template.find('{');
    const size_t close = open == std::string_view::npos ? open : key_template.find('}', open);
    if (close == std::string_view::npos) return plain(key_template);
    plain(key_template.substr(0, open));
    name(key_template.substr(open + 1, close - open - 1));
    key_template.remove_prefix(close + 1);
  }
}

}  // namespace

std::vector<std::string_view> key_names(std::string_view key_template) {
  std::vector<std::string_view> names;
  walk(
      key_template, [](std::string_view) {}, [&names](std::string_view name) { names.push_back(name); });
  return names;
}

std::string lag_key(std::string_view key_template, std::string_view cluster, std::string_view group,
                    const std::map<std::string, std::string>& labels) {
  std::string key;
  const auto value_of = [&](std::string_view name) -> std::string_view {
    if (name == "cluster") return cluster;
    if (name == "group") return group;
    const auto label = labels.find(std::string(name));
    return label == labels.end() || label->second.empty() ? std::string_view("none") : std::string_view(label->second);
  };
  walk(
      key_template, [&key](std::string_view text) { key += text; }, [&](std::string_view name) { key += value_of(name); });
  return key;
}

}  // namespace headroom
