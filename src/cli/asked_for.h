#pragma once

#include <string>
#include <utility>
#include <vector>

namespace headroom {

// What a command was asked for that makes it the same work when it goes on, by the name of the option.
using AskedFor = std::vector<std::pair<std::string, std::string>>;

// How what was found differs from what is asked for: "--step was 15s and is 1m". Empty: the same.
std::string difference(const AskedFor& found, const AskedFor& asked);

}  // namespace headroom
