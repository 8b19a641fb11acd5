#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace headroom::codec {

// The number at the front of a text, by JSON's grammar.
struct NumberShape {
  size_t size = 0;  // 0 when there is none
  bool is_integer = true;
};
NumberShape number_shape(const char* begin, const char* end);

// The double nearest to a number of JSON's grammar, as strtod gives it in the C locale; what is too small for a double is a zero of its
// sign. Nothing when it is too large.
std::optional<double> nearest_double(std::string_view number);

}  // namespace headroom::codec
