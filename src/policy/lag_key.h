#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

// The names in the braces of a key template, in their order: {env}/{view} has env and view.
std::vector<std::string_view> key_names(std::string_view key_template);

// The key of a group's records of `headroom.lag`: the template with the group's labels in place of their names, `none` for one that it does
// not have. {cluster} and {group} are those of the group. What detectors put together must have the same key, so that it sits in one lane.
std::string lag_key(std::string_view key_template, std::string_view cluster, std::string_view group,
                    const std::map<std::string, std::string>& labels);

}  // namespace headroom
