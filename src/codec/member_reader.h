#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

namespace headroom::codec {

// Parses a whole text. kInvalid: it is not JSON, with line and column.
Result<nlohmann::ordered_json> parse_json(std::string_view text);

// Whole numbers without a fraction: 24, not 24.0.
nlohmann::ordered_json number_json(double value);

// A value and where it stands: "made.series[2].hash".
struct Member {
  const nlohmann::ordered_json* value;
  std::string path;
};

// Reads members of a JSON document of ours. The first that is missing, of another kind or out of bounds is remembered, as "PATH: found ...;
// allowed: ..."; what is wrong reads as nothing.
class MemberReader {
 public:
  // The member itself; null, after failing, when there is none.
  Member object(const Member& parent, std::string_view name);
  // Its items, at most `most`.
  Member list(const Member& parent, std::string_view name, size_t most);
  static Member item(const Member& list, size_t index);

  std::string text(const Member& parent, std::string_view name, size_t most_bytes = 4096);
  std::string hash(const Member& parent, std::string_view name);  // 32 hexadecimal digits
  uint64_t count(const Member& parent, std::string_view name, uint64_t least, uint64_t most);
  double number(const Member& parent, std::string_view name, double least, double most);
  double number(const Member& value, double least, double most);
  // Nothing else may stand in the object.
  void only(const Member& object, const std::vector<std::string_view>& names);
  static bool has(const Member& object, std::string_view name);

  void fail(const Member& at, std::string_view found, std::string_view allowed);
  Status status() const { return failed_; }

 private:
  Member find(const Member& parent, std::string_view name);
  Status failed_;
};

}  // namespace headroom::codec
