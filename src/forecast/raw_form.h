#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "headroom/state.h"

namespace headroom {

// The bytes of plain states: all fields in their order, numbers as they lie in memory (little-endian), without tags and padding. For states
// that are mostly arrays of small numbers, where a tag and a length each would cost more than they hold; another layout is another version
// of the state.
namespace raw_form {

template <class T>
struct ArrayOf {
  static constexpr bool kIs = false;
};
template <class T, size_t N>
struct ArrayOf<std::array<T, N>> {
  static constexpr bool kIs = true;
  using Element = T;
};

template <class T>
void save_fields(const T& value, ByteWriter& writer);
template <class T>
[[nodiscard]] bool load_fields(T& value, ByteReader& reader);

template <class T>
void save(const T& value, ByteWriter& writer) {
  if constexpr (std::is_empty_v<T>) {
    return;
  } else if constexpr (std::is_arithmetic_v<T>) {
    writer.raw(&value, sizeof value);
  } else if constexpr (ArrayOf<T>::kIs) {
    if constexpr (std::is_arithmetic_v<typename ArrayOf<T>::Element>)
      writer.raw(value.data(), sizeof value);
    else
      for (const auto& element : value) save(element, writer);
  } else {
    save_fields(value, writer);
  }
}

// What no state holds is refused: numbers that are none, truth values that are neither. False then, and for bytes that end too soon.
template <class T>
[[nodiscard]] bool load(T& value, ByteReader& reader) {
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    const auto bytes = reader.raw(1);
    if (bytes.size() != 1 || static_cast<unsigned char>(bytes[0]) > 1) return false;
    value = bytes[0] == 1;
    return true;
  } else if constexpr (std::is_arithmetic_v<T>) {
    const auto bytes = reader.raw(sizeof value);
    if (bytes.size() != sizeof value) return false;
    std::memcpy(&value, bytes.data(), sizeof value);
    if constexpr (std::is_floating_point_v<T>) return std::isfinite(value);
    return true;
  } else if constexpr (ArrayOf<T>::kIs) {
    for (auto& element : value)
      if (!load(element, reader)) return false;
    return true;
  } else {
    return load_fields(value, reader);
  }
}

template <class T>
void save_fields(const T& value, ByteWriter& writer) {
  state_internal::each_field(value, [&writer](const auto& field) { save(field, writer); });
}

template <class T>
bool load_fields(T& value, ByteReader& reader) {
  bool good = true;
  state_internal::each_field(value, [&](auto& field) { good = good && load(field, reader); });
  return good;
}

}  // namespace raw_form
}  // namespace headroom
