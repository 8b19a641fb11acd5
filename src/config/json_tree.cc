#include "config/json_tree.h"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "base/concat.h"

namespace headroom {
namespace {

constexpr int kMostLevels = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6)), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3f)), put(0x80 | ((code >> 6) & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

// The bytes of the UTF-8 character at the start of `text`; 0 when there is none (RFC 3629: no overlong forms, no surrogates).
size_t utf8_length(std::string_view text) {
  const auto at = [text](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto tail = [&at](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool bad = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f);
    return !bad && tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool bad = (lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f);
    return !bad && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string shown_character(std::string_view text) {
  const size_t length = utf8_length(text);
  const auto byte = static_cast<uint8_t>(text[0]);
  if (length > 0 && byte >= 0x20 && byte != 0x7f) return concat("'", text.substr(0, length), "'");
  char shown[16];
  std::snprintf(shown, sizeof shown, "byte 0x%02x", static_cast<unsigned>(byte));
  return shown;
}

class JsonReader {
 public:
  JsonReader(std::string_view text, std::vector<Mistake>& mistakes) : text_(text), mistakes_(mistakes) {}

  std::optional<JsonNode> read() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    JsonNode root;
    if (!skip_space() || !value(root, 0) || !skip_space()) return std::nullopt;
    if (at_ < text_.size()) return fail("found " + shown_character(text_.substr(at_)) + " after the end of the value"), std::nullopt;
    return root;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  Place place() const { return {line_, column_}; }

  // Goes over one character, keeping the place.
  void next() {
    const char c = text_[at_++];
    if (c == '\n')
      ++line_, column_ = 1;
    else if ((static_cast<uint8_t>(c) & 0xc0) != 0x80)
      ++column_;
  }
  void next(size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) next();
  }

  bool fail(std::string message) { return fail_at(place(), std::move(message)); }
  bool fail_at(Place where, std::string message) {
    mistakes_.push_back({where, {}, "not JSON: " + std::move(message)});
    return false;
  }
  bool expected(const char* what) {
    return fail("expected " + std::string(what) + ", found " + (at_end() ? "the end of the text" : shown_character(text_.substr(at_))));
  }

  bool skip_space() {
    while (!at_end()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        next();
      } else if (text_.substr(at_).starts_with("//")) {
        while (!at_end() && peek() != '\n') next();
      } else if (text_.substr(at_).starts_with("/*")) {
        const Place start = place();
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail_at(start, "a comment begins here and has no end, */");
        next(end + 2 - at_);
      } else {
        break;
      }
    }
    return true;
  }

  bool value(JsonNode& node, int level) {
    node.place = place();
    if (level > kMostLevels) return fail("more than 64 levels of objects and lists");
    switch (peek()) {
      case '{':
        return object(node, level);
      case '[':
        return array(node, level);
      case '"':
        node.kind = JsonKind::kString;
        return string(node.text);
      default:
        return is_digit(peek()) || peek() == '-' ? number(node) : word(node);
    }
  }

  bool object(JsonNode& node, int level) {
    node.kind = JsonKind::kObject;
    next();
    for (;;) {
      if (!skip_space()) return false;
      if (peek() == '}') return next(), true;
      if (peek() != '"') return expected("a key in double quotes, or }");
      JsonMember member;
      member.place = place();
      if (!string(member.key) || !skip_space()) return false;
      if (peek() != ':') return expected("':' after the key");
      next();
      if (!skip_space() || !value(member.value, level + 1) || !skip_space()) return false;
      keep(node, std::move(member));
      if (peek() == ',')
        next();
      else if (peek() != '}')
        return expected("',' or }");
    }
  }

  void keep(JsonNode& node, JsonMember member) {
    for (const auto& known : node.members) {
      if (known.key != member.key) continue;
      mistakes_.push_back(
          {member.place,
           {},
           "the key " + quote_json(member.key) + " stands here a second time; first on line " + std::to_string(known.place.line)});
      return;
    }
    node.members.push_back(std::move(member));
  }

  bool array(JsonNode& node, int level) {
    node.kind = JsonKind::kArray;
    next();
    for (;;) {
      if (!skip_space()) return false;
      if (peek() == ']') return next(), true;
      if (!value(node.items.emplace_back(), level + 1) || !skip_space()) return false;
      if (peek() == ',')
        next();
      else if (peek() != ']')
        return expected("',' or ]");
    }
  }

  bool string(std::string& out) {
    const Place start = place();
    next();
    while (!at_end() && peek() != '\n') {
      const char c = peek();
      if (c == '"') return next(), true;
      if (c == '\\') {
        if (!escape(out)) return false;
        continue;
      }
      if (static_cast<uint8_t>(c) < 0x20)
        return fail("found " + shown_character(text_.substr(at_)) + " in a string; write it as an escape (\\t, \\u0000)");
      const size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return fail("found " + shown_character(text_.substr(at_)) + ", which is not UTF-8");
      out += text_.substr(at_, length);
      next(length);
    }
    return fail_at(start, "a string begins here and has no end on its line");
  }

  bool escape(std::string& out) {
    const Place start = place();
    next();
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const size_t known = at_end() ? std::string_view::npos : kNames.find(peek());
    if (known != std::string_view::npos) return out += kValues[known], next(), true;
    if (peek() != 'u') return fail_at(start, "an escape must be one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    uint32_t code = 0;
    if (!unit(code)) return fail_at(start, "\\u needs four hexadecimal digits");
    if (code >= 0xd800 && code <= 0xdbff) {
      uint32_t low = 0;
      if (peek() != '\\') return fail_at(start, "half of a surrogate pair");
      next();
      if (peek() != 'u' || !unit(low) || low < 0xdc00 || low > 0xdfff) return fail_at(start, "half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      return fail_at(start, "half of a surrogate pair");
    }
    append_utf8(out, code);
    return true;
  }

  // "uXXXX"
  bool unit(uint32_t& code) {
    next();
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(peek());
      if (digit < 0) return false;
      code = code * 16 + static_cast<uint32_t>(digit);
      next();
    }
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return expected("a digit");
    while (is_digit(peek())) next();
    return true;
  }

  bool number(JsonNode& node) {
    node.kind = JsonKind::kNumber;
    const size_t start = at_;
    if (peek() == '-') next();
    if (peek() == '0') {
      next();
      if (is_digit(peek())) return fail("a number must not begin with 0");
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      next();
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      next();
      if (peek() == '+' || peek() == '-') next();
      if (!digits()) return false;
    }
    node.text = text_.substr(start, at_ - start);
    return true;
  }

  bool word(JsonNode& node) {
    for (const auto& [name, kind] :
         {std::pair<std::string_view, JsonKind>{"true", JsonKind::kBoolean}, {"false", JsonKind::kBoolean}, {"null", JsonKind::kNull}}) {
      if (!text_.substr(at_).starts_with(name)) continue;
      node.kind = kind;
      node.text = name;
      next(name.size());
      return true;
    }
    return expected("a value (an object, a list, a string in double quotes, a number, true, false or null)");
  }

  std::string_view text_;
  std::vector<Mistake>& mistakes_;
  size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace

std::string Mistake::to_string(std::string_view file) const {
  std::string out = place.line > 0 ? std::string(file) + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) : "--set";
  out += ": ";
  if (!path.empty()) out += path + ": ";
  return out + message;
}

const JsonNode* JsonNode::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

JsonNode* JsonNode::find(std::string_view key) {
  return const_cast<JsonNode*>(std::as_const(*this).find(key));
}

std::optional<JsonNode> read_json(std::string_view text, std::vector<Mistake>& mistakes) {
  return JsonReader(text, mistakes).read();
}

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<uint8_t>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string write_json(const JsonNode& node) {
  std::string out;
  switch (node.kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBoolean:
    case JsonKind::kNumber:
      return node.text;
    case JsonKind::kString:
      return quote_json(node.text);
    case JsonKind::kArray:
      for (const auto& item : node.items) out += concat(out.empty() ? "" : ",", write_json(item));
      return concat("[", out, "]");
    case JsonKind::kObject:
      for (const auto& member : node.members) out += concat(out.empty() ? "" : ",", quote_json(member.key), ":", write_json(member.value));
      return concat("{", out, "}");
  }
  return out;
}

}  // namespace headroom
