#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

// Where something stands in a text, from 1; line 0 is the command line (`--set`).
struct Place {
  int line = 0;
  int column = 0;  // in characters, not bytes
};

// One thing wrong in a configuration: what was found, where, and what is allowed. Never holds a secret.
struct Mistake {
  Place place;
  std::string path;  // "kafka.session_timeout", "topologies.right_sizing.overrides[2].target"; empty: the text as a whole
  std::string message;

  // "config/local.json:12:22: kafka.session_timeout: ..."; "--set: kafka.session_timeout: ..." for the command line.
  std::string to_string(std::string_view file) const;
};

enum class JsonKind { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct JsonMember;

// JSON that remembers where it stood.
struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  Place place;
  std::string text;  // of a string: its content; of a number: its digits; of a boolean: true or false
  std::vector<JsonNode> items;
  std::vector<JsonMember> members;  // in order; no key twice
  bool guessed = false;             // from `--set path=text`: may stand for a string although it looks like another kind

  const JsonNode* find(std::string_view key) const;
  JsonNode* find(std::string_view key);
};

struct JsonMember {
  std::string key;
  Place place;
  JsonNode value;
};

// Reads JSON with // and /* */ comments and trailing commas; otherwise strict (RFC 8259, UTF-8, 64 levels at most). Every key that stands
// twice is a mistake and the first one holds; reading ends at the first place that is not JSON, none is returned then.
std::optional<JsonNode> read_json(std::string_view text, std::vector<Mistake>& mistakes);

// Plain JSON on one line.
std::string write_json(const JsonNode& node);
// A string with quotes and escapes. Bytes that are not UTF-8 must not occur.
std::string quote_json(std::string_view text);

}  // namespace headroom
