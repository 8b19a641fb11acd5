#include "config/allowed.h"

#include <charconv>
#include <limits>
#include <regex>

#include "base/quantity_text.h"
#include "base/time_text.h"
#include "config/json_tree.h"

namespace headroom {
namespace {

template <class N, class Text>
std::string within(std::string kind, Bounds<N> bounds, Text text) {
  const bool bounded_below = bounds.least != std::numeric_limits<N>::lowest();
  const bool bounded_above = bounds.most != std::numeric_limits<N>::max();
  if (bounded_below && bounded_above) return kind + " from " + text(bounds.least) + " to " + text(bounds.most);
  if (bounded_below) return kind + ", at least " + text(bounds.least);
  if (bounded_above) return kind + ", at most " + text(bounds.most);
  return kind;
}

std::string quoted_duration(int64_t ms) {
  return quote_json(format_duration(ms));
}
std::string quoted_size(int64_t bytes) {
  return quote_json(format_bytes(bytes));
}

}  // namespace

bool fits(std::string_view text, const TextRule& rule) {
  if (text.size() > rule.most_bytes || text.find('\0') != std::string_view::npos) return false;
  if (rule.pattern.empty()) return true;
  try {
    return std::regex_match(text.begin(), text.end(), std::regex(rule.pattern.begin(), rule.pattern.end()));
  } catch (const std::regex_error&) {
    return false;  // the engine gave up on hostile input
  }
}

std::string number_text(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

std::string micro_text(int64_t micro) {
  return number_text(static_cast<double>(micro) / 1e6);
}

std::string allowed_boolean() {
  return "true or false";
}
std::string allowed_integer(Bounds<int64_t> bounds) {
  return within("a whole number", bounds, [](int64_t n) { return std::to_string(n); });
}
std::string allowed_number(Bounds<double> bounds) {
  return within("a number", bounds, number_text);
}
std::string allowed_duration(Bounds<int64_t> bounds) {
  return within("a duration", bounds, quoted_duration);
}
std::string allowed_size(Bounds<int64_t> bounds) {
  return within("a size", bounds, quoted_size);
}
std::string allowed_text(const TextRule& rule) {
  if (!rule.allowed.empty()) return std::string(rule.allowed);
  return "at most " + std::to_string(rule.most_bytes) + " bytes";
}
std::string allowed_texts(const TextRule& rule) {
  return "a list of strings, each " + allowed_text(rule);
}
std::string allowed_choice(std::span<const std::string_view> names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += quote_json(names[i]);
  }
  return out;
}
std::string allowed_secret() {
  return R"(a string, {"file": "path"} or {"env": "NAME"})";
}
std::string allowed_properties() {
  return R"(an object whose values are strings, numbers, true, false, {"file": "path"} or {"env": "NAME"})";
}

}  // namespace headroom
