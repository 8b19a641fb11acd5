#include "codec/event_place.h"

#include <simdjson.h>

namespace headroom {

std::optional<EventPlace> read_event(std::string_view value) {
  if (value.empty() || value.front() != '{') return std::nullopt;
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(value.data(), value.size(), true).get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  const auto text = [&object](const char* name) {
    std::string_view found;
    return object[name].get_string().get(found) == simdjson::SUCCESS ? std::string(found) : std::string();
  };
  if (text("specversion").empty()) return std::nullopt;
  return EventPlace{text("source"), text("id"), text("lane"), text("sequence")};
}

}  // namespace headroom
