#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headroom {

// What a CloudEvent in structured mode says of its own place, for audits.
struct EventPlace {
  std::string source;
  std::string id;
  std::string lane;
  std::string sequence;
};

// none: not a CloudEvent of a lane.
std::optional<EventPlace> read_event(std::string_view value);

}  // namespace headroom
