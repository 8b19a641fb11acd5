#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "headroom/status.h"

namespace headroom::codec {

using Json = nlohmann::ordered_json;

// A CloudEvent as it was found on a topic. kInvalid: not a JSON object. Members deeper than any event of ours has are left out: printing
// them again would take a stack as deep.
Result<Json> parse_event(std::string_view json);

// A value as compact JSON, whatever its bytes.
std::string json_text(const Json& value);

// Reads members of an object; the first that is missing or of another type is remembered, and what is wrong reads as nothing.
class EventReader {
 public:
  std::string string(const Json& object, const char* name);
  int64_t time(const Json& object, const char* name);  // Unix milliseconds
  uint64_t sequence(const Json& object);
  const Json& object(const Json& parent, const char* name);
  // {"cpu_cores":1.5}, {"memory_bytes":1048576} or {"replicas":4}, as `resource` says.
  int64_t quantity(const Json& parent, const char* name, std::string_view resource);
  const std::string& error() const { return error_; }

 private:
  const Json* find(const Json& object, const char* name);
  void fail(const char* name, const char* what);

  std::string error_;
};

}  // namespace headroom::codec
