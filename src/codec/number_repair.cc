#include "codec/number_repair.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "codec/number_text.h"

namespace headroom::codec {
namespace {

constexpr std::string_view kStandIn = "1.7976931348623157e308";

bool starts_number(char c) {
  return c == '-' || (c >= '0' && c <= '9');
}

// The end of the string that begins at `at`, past its closing quote; the text's end when it is not closed.
size_t string_end(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

// The size of NaN, Infinity or -Infinity at the front of the text; 0 when there is none.
size_t word_size(std::string_view text) {
  for (const std::string_view word : {std::string_view("NaN"), std::string_view("Infinity"), std::string_view("-Infinity")}) {
    if (text.starts_with(word)) return word.size();
  }
  return 0;
}

bool fits_64_bits(std::string_view integer) {
  int64_t as_signed = 0;
  uint64_t as_unsigned = 0;
  const char* end = integer.data() + integer.size();
  return std::from_chars(integer.data(), end, as_signed).ec == std::errc() ||
         std::from_chars(integer.data(), end, as_unsigned).ec == std::errc();
}

// Appends the number, repaired where it must be; says whether it was.
bool append_number(std::string_view number, bool is_integer, std::string& out) {
  const std::optional<double> value = nearest_double(number);
  if (!value) {
    if (number.front() == '-') out += '-';
    out += kStandIn;
    return true;
  }
  if (is_integer && !fits_64_bits(number)) {
    std::array<char, 32> digits;
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *value, std::chars_format::scientific).ptr);
    return true;
  }
  out += number;
  return false;
}

}  // namespace

bool repair_numbers(std::string_view text, std::string& out) {
  out.clear();
  bool repaired = false;
  size_t at = 0;
  while (at < text.size()) {
    size_t next = at + 1;
    if (text[at] == '"') {
      next = string_end(text, at);
    } else if (const size_t word = word_size(text.substr(at)); word != 0) {
      if (text[at] == '-') out += '-';
      out += kStandIn;
      repaired = true;
      at += word;
      continue;
    } else if (starts_number(text[at])) {
      const NumberShape shape = number_shape(text.data() + at, text.data() + text.size());
      if (shape.size == 0) return false;
      repaired |= append_number(text.substr(at, shape.size), shape.is_integer, out);
      at += shape.size;
      continue;
    }
    out.append(text, at, next - at);
    at = next;
  }
  return repaired;
}

}  // namespace headroom::codec
