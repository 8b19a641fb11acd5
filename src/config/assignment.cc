#include "config/assignment.h"

#include <optional>
#include <string>
#include <utility>

namespace headroom {
namespace {

// "a.\"b.c\".d" -> a, b.c, d; none when a name is empty or a quote has no end.
std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> names;
  while (true) {
    if (!names.empty() && names.back().ends_with("properties") && !path.starts_with('"')) {
      names.emplace_back(path);
      break;
    }
    const bool quoted = path.starts_with('"');
    const size_t end = quoted ? path.find('"', 1) : path.find('.');
    if (quoted && end == std::string_view::npos) return std::nullopt;
    names.emplace_back(quoted ? path.substr(1, end - 1) : path.substr(0, end));
    if (names.back().empty()) return std::nullopt;
    if (end == std::string_view::npos) break;
    path.remove_prefix(quoted ? end + 1 : end);
    if (path.empty()) break;
    if (path[0] != '.') return std::nullopt;
    path.remove_prefix(1);
  }
  if (names.back().empty()) return std::nullopt;
  return names;
}

// The "=" that ends the path: the first one outside quotes.
size_t find_equals(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '=' && !quoted) return i;
  }
  return std::string_view::npos;
}

void forget_places(JsonNode& node) {
  node.place = {};
  for (auto& item : node.items) forget_places(item);
  for (auto& member : node.members) member.place = {}, forget_places(member.value);
}

JsonNode read_value(std::string_view text) {
  std::vector<Mistake> ignored;
  auto node = read_json(text, ignored);
  if (!node || !ignored.empty()) {
    node.emplace();
    node->kind = JsonKind::kString;
    node->text = text;
  }
  forget_places(*node);
  node->guessed = true;
  return std::move(*node);
}

}  // namespace

void assign(JsonNode& root, std::string_view assignment, std::vector<Mistake>& mistakes) {
  const size_t equals = find_equals(assignment);
  const auto names = equals == std::string_view::npos ? std::nullopt : split_path(assignment.substr(0, equals));
  if (!names) {
    mistakes.push_back({{}, {}, "expected path=value with names and dots between them, as in kafka.brokers=127.0.0.1:9092"});
    return;
  }
  JsonNode* at = &root;
  for (const auto& name : *names) {
    if (at->kind != JsonKind::kObject) {
      mistakes.push_back({{}, std::string(assignment.substr(0, equals)), "what stands above " + quote_json(name) + " is not an object"});
      return;
    }
    JsonNode* next = at->find(name);
    if (!next) {
      next = &at->members.emplace_back(JsonMember{name, {}, {}}).value;
      next->kind = JsonKind::kObject;
    }
    at = next;
  }
  *at = read_value(assignment.substr(equals + 1));
}

}  // namespace headroom
