#include "codec/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace headroom::codec {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

const char* skip_digits(const char* at, const char* end) {
  while (at < end && is_digit(*at)) ++at;
  return at;
}

// Whether a number other than zero is at least 1: of those that do not fit into a double, these are too large, the others too small.
bool is_large(std::string_view number) {
  const size_t mark = number.find_first_of("eE");
  const std::string_view mantissa = number.substr(number.front() == '-' ? 1 : 0, mark - (number.front() == '-' ? 1 : 0));
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_of("123456789");
  // The number is d.ddd times ten to this power, before its exponent is added.
  const int64_t power = first < point ? static_cast<int64_t>(point - first) - 1 : static_cast<int64_t>(point) - static_cast<int64_t>(first);
  if (mark == std::string_view::npos) return power >= 0;
  std::string_view digits = number.substr(mark + 1);
  if (digits.front() == '+') digits.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error != std::errc()) return digits.front() != '-';  // an exponent beyond 64 bits outweighs any mantissa in memory
  return exponent >= -power;
}

}  // namespace

NumberShape number_shape(const char* begin, const char* end) {
  const char* at = begin;
  if (at < end && *at == '-') ++at;
  const char* integer = at;
  at = skip_digits(at, end);
  if (at == integer || (*integer == '0' && at - integer > 1)) return {};
  bool is_integer = true;
  if (at < end && *at == '.') {
    const char* fraction = ++at;
    at = skip_digits(at, end);
    if (at == fraction) return {};
    is_integer = false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* exponent = at;
    at = skip_digits(at, end);
    if (at == exponent) return {};
    is_integer = false;
  }
  return {static_cast<size_t>(at - begin), is_integer};
}

std::optional<double> nearest_double(std::string_view number) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc() && std::isfinite(value)) return value;
  if (is_large(number)) return std::nullopt;
  return number.front() == '-' ? -0.0 : 0.0;
}

}  // namespace headroom::codec
