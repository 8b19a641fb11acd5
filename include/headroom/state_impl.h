#pragma once
// The machinery behind headroom/state.h. Bytes of a State: for each field whose value is not the default, in ascending order, a tag
// (number << 3 | wire type, a varint) and the value: a varint, eight bytes, or a length and that many bytes. Inside a vector or an array:
// the count, then the elements without tags.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "headroom/bytes.h"

namespace headroom {

// Keeps the number of a field that was removed: never written, passed over in silence when an old checkpoint holds it.
struct Retired {};

namespace state_internal {

enum class Wire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

// Structures within structures deeper than this are refused on load: bytes must not decide how deep the stack grows.
inline constexpr int kMaxDepth = 100;

template <class T>
concept HasOwnForm = requires(const T& from, T& to, ByteWriter& writer, ByteReader& reader) {
  from.save(writer);
  { to.load(reader) } -> std::same_as<bool>;
};
template <class T>
concept HasFields = !HasOwnForm<T> && requires(T & t) {
  t.fields();
};

template <class T>
struct Shape {
  static constexpr bool kVector = false, kArray = false, kOptional = false;
};
template <class T>
struct Shape<std::vector<T>> {
  using Element = T;
  static constexpr bool kVector = true, kArray = false, kOptional = false;
};
template <class T, size_t N>
struct Shape<std::array<T, N>> {
  using Element = T;
  static constexpr bool kVector = false, kArray = true, kOptional = false;
};
template <class T>
struct Shape<std::optional<T>> {
  using Element = T;
  static constexpr bool kVector = false, kArray = false, kOptional = true;
};

template <class T>
concept Sequence = Shape<T>::kVector || Shape<T>::kArray;
template <class T>
concept Scalar = std::is_integral_v<T> || std::is_enum_v<T>;
template <class T>
concept Field = Scalar<T> || std::is_same_v<T, double> || std::is_same_v<T, std::string> || std::is_same_v<T, Retired> || Sequence<T> ||
    Shape<T>::kOptional || HasOwnForm<T> || HasFields<T>;

// Stands for a value of any type where only its being there matters.
struct AnyValue {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): it must convert to anything
};
template <class T, size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires {
    T{(static_cast<void>(I), AnyValue{})...};
  };
}
template <class T>
using FieldsOf = decltype(std::declval<T&>().fields());

template <class T>
constexpr void check_fields() {
  static_assert(std::is_aggregate_v<T>,
                "a State with fields() is a plain struct: no constructors, no private members, no virtual functions");
  constexpr size_t kListed = std::tuple_size_v<FieldsOf<T>>;
  static_assert(!takes<T>(std::make_index_sequence<kListed + 1>()), "a member of this State is missing from its fields()");
  static_assert(takes<T>(std::make_index_sequence<kListed>()),
                "fields() of this State lists more than its members, or a member is a C array");
}

template <class T, class F>
void each_field(T& t, F&& f) {
  check_fields<std::remove_const_t<T>>();
  std::apply([&](auto&... field) { (f(field), ...); }, const_cast<std::remove_const_t<T>&>(t).fields());
}

template <class T>
constexpr Wire wire_of() {
  static_assert(Field<T>, "this type cannot be a field of a State; see headroom/state.h for those that can");
  if (Scalar<T>) return Wire::kVarint;
  return std::is_same_v<T, double> ? Wire::kFixed64 : Wire::kBytes;
}

// Whether a field may be left out because it equals the default. A form of its own is always written: only its type knows what equal means.
template <class T>
bool same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  } else if constexpr (Scalar<T> || std::is_same_v<T, std::string>) {
    return a == b;
  } else if constexpr (std::is_same_v<T, Retired>) {
    return true;
  } else if constexpr (Sequence<T>) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
      if (!same<typename Shape<T>::Element>(a[i], b[i])) return false;
    return true;
  } else if constexpr (Shape<T>::kOptional) {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
  } else if constexpr (HasFields<T>) {
    bool equal = true;
    const auto of_a = const_cast<T&>(a).fields();
    const auto of_b = const_cast<T&>(b).fields();
    [&]<size_t... I>(std::index_sequence<I...>) {
      equal = (same(std::get<I>(of_a), std::get<I>(of_b)) && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<FieldsOf<T>>>());
    return equal;
  } else {
    return false;
  }
}

template <class T>
const T& default_of() {
  static const T value{};
  return value;
}

// ---- saving

template <class T>
void save_bare(const T& value, ByteWriter& writer);

template <class T>
void save_fields(const T& state, ByteWriter& writer) {
  uint64_t number = 0;
  const auto save_one = [&](const auto& field, const auto& otherwise) {
    using F = std::remove_cvref_t<decltype(field)>;
    ++number;
    if (same<F>(field, otherwise)) return;
    writer.varint(number << 3 | static_cast<uint64_t>(wire_of<F>()));
    save_bare<F>(field, writer);
  };
  check_fields<T>();
  const auto fields = const_cast<T&>(state).fields();
  const auto defaults = const_cast<T&>(default_of<T>()).fields();
  [&]<size_t... I>(std::index_sequence<I...>) {
    (save_one(std::get<I>(fields), std::get<I>(defaults)), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<FieldsOf<T>>>());
}

template <class T>
void save_payload(const T& value, ByteWriter& writer) {
  if constexpr (Sequence<T>) {
    using E = typename Shape<T>::Element;
    writer.varint(value.size());
    if constexpr (std::is_same_v<E, double>) {
      writer.raw(value.data(), value.size() * sizeof(double));
    } else {
      for (size_t i = 0; i < value.size(); ++i) save_bare<E>(value[i], writer);
    }
  } else if constexpr (Shape<T>::kOptional) {
    if (value) save_bare<typename Shape<T>::Element>(*value, writer);
  } else if constexpr (HasOwnForm<T>) {
    value.save(writer);
  } else if constexpr (HasFields<T>) {
    save_fields(value, writer);
  }
}

// Writes the length in front of what was appended since `begin`, where one byte was kept free for it.
inline void patch_length(std::string& out, size_t begin) {
  uint64_t size = out.size() - begin - 1;
  std::array<char, 10> bytes{};
  size_t n = 0;
  for (; size >= 0x80; size >>= 7) bytes[n++] = static_cast<char>(size | 0x80);
  bytes[n++] = static_cast<char>(size);
  out[begin] = bytes[0];
  if (n > 1) out.insert(begin + 1, bytes.data() + 1, n - 1);
}

template <class T>
void save_bare(const T& value, ByteWriter& writer) {
  if constexpr (std::is_enum_v<T>) {
    save_bare(static_cast<std::underlying_type_t<T>>(value), writer);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>)
      writer.zigzag(value);
    else
      writer.varint(value);
  } else if constexpr (std::is_same_v<T, double>) {
    writer.f64(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    writer.string(value);
  } else {
    std::string& out = writer.out();
    const size_t begin = out.size();
    out.push_back('\0');
    save_payload(value, writer);
    patch_length(out, begin);
  }
}

// ---- loading: total, whatever the bytes

struct Loading {
  uint64_t dropped = 0;  // fields that a newer binary wrote
  int depth = 0;
};

template <class T>
bool load_bare(T& value, ByteReader& reader, Loading& loading);

template <class T>
bool load_integer(T& value, ByteReader& reader) {
  if constexpr (std::is_signed_v<T>) {
    const int64_t wide = reader.zigzag();
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(wide);
  } else {
    const uint64_t wide = reader.varint();
    if (wide > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(wide);
  }
  return reader.ok();
}

template <class T>
bool load_vector(T& value, uint64_t count, ByteReader& reader, Loading& loading) {
  using E = typename Shape<T>::Element;
  value.clear();
  if (count > reader.left()) return false;  // an element takes a byte at least
  if constexpr (std::is_same_v<E, double>) {
    const auto bytes = count > reader.left() / sizeof(double) ? std::string_view() : reader.raw(count * sizeof(double));
    if (bytes.size() != count * sizeof(double)) return false;
    value.resize(count);
    if (count > 0) std::memcpy(value.data(), bytes.data(), bytes.size());
    return true;
  } else {
    // Room for what has been promised only as far as it is cheap; the rest grows with what is really there.
    value.reserve(std::min<size_t>(count, sizeof(E) <= 16 ? count : std::max<size_t>(1, 4096 / sizeof(E))));
    for (uint64_t i = 0; i < count; ++i) {
      E element{};
      if (!load_bare<E>(element, reader, loading)) return false;
      value.push_back(std::move(element));
    }
    return true;
  }
}

template <class T>
bool load_array(T& value, uint64_t count, ByteReader& reader, Loading& loading) {
  if (count > value.size()) return false;
  for (uint64_t i = 0; i < count; ++i)
    if (!load_bare<typename Shape<T>::Element>(value[i], reader, loading)) return false;
  return true;
}

inline bool skip_field(uint64_t wire, ByteReader& reader) {
  if (wire == static_cast<uint64_t>(Wire::kVarint))
    reader.varint();
  else if (wire == static_cast<uint64_t>(Wire::kFixed64))
    reader.fixed64();
  else if (wire == static_cast<uint64_t>(Wire::kBytes))
    reader.string();
  else
    return false;
  return reader.ok();
}

template <class T>
bool load_tagged(T& field, uint64_t wire, ByteReader& reader, Loading& loading) {
  if constexpr (std::is_same_v<T, Retired>)
    return skip_field(wire, reader);
  else
    return wire == static_cast<uint64_t>(wire_of<T>()) && load_bare(field, reader, loading);
}

template <class T>
bool load_fields(T& state, ByteReader& reader, Loading& loading) {
  check_fields<T>();
  constexpr size_t kFields = std::tuple_size_v<FieldsOf<T>>;
  const auto fields = state.fields();
  uint64_t last = 0;
  while (!reader.empty()) {
    const uint64_t tag = reader.varint();
    const uint64_t number = tag >> 3;
    const uint64_t wire = tag & 7;
    if (number <= last) return false;
    last = number;
    bool good = true;
    if (number > kFields) {
      good = skip_field(wire, reader);
      ++loading.dropped;
    } else {
      [&]<size_t... I>(std::index_sequence<I...>) {
        static_cast<void>(((I + 1 == number && (good = load_tagged(std::get<I>(fields), wire, reader, loading), true)) || ...));
      }
      (std::make_index_sequence<kFields>());
    }
    if (!good) return false;
  }
  return reader.ok();
}

template <class T>
bool load_payload(T& value, std::string_view bytes, Loading& loading) {
  ByteReader reader(bytes);
  bool good = true;
  if constexpr (Sequence<T>) {
    const uint64_t count = reader.varint();
    if constexpr (Shape<T>::kVector)
      good = reader.ok() && load_vector(value, count, reader, loading);
    else
      good = reader.ok() && load_array(value, count, reader, loading);
  } else if constexpr (Shape<T>::kOptional) {
    if (bytes.empty())
      value.reset();
    else
      good = load_bare(value.emplace(), reader, loading);
  } else if constexpr (HasOwnForm<T>) {
    good = value.load(reader);
  } else if constexpr (HasFields<T>) {
    good = load_fields(value, reader, loading);
  }
  return good && reader.ok() && reader.empty();
}

template <class T>
bool load_bare(T& value, ByteReader& reader, Loading& loading) {
  static_assert(Field<T>, "this type cannot be a field of a State; see headroom/state.h for those that can");
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (!load_integer(number, reader)) return false;
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    return load_integer(value, reader);
  } else if constexpr (std::is_same_v<T, double>) {
    value = reader.f64();
    return reader.ok();
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = reader.string();
    return reader.ok();
  } else {
    const auto bytes = reader.string();
    if (!reader.ok() || ++loading.depth > kMaxDepth) return false;
    const bool good = load_payload(value, bytes, loading);
    --loading.depth;
    return good;
  }
}

// Each field once: the list must not name one twice and so hide that another is missing.
template <class T>
bool fields_are_distinct() {
  std::vector<const void*> places;
  T state{};
  each_field(state, [&](auto& field) { places.push_back(std::addressof(field)); });
  std::sort(places.begin(), places.end());
  return std::adjacent_find(places.begin(), places.end()) == places.end();
}

}  // namespace state_internal

// Appends the bytes of `state`.
template <class State>
void save_state(const State& state, ByteWriter& writer) {
  static_assert(state_internal::HasOwnForm<State> || state_internal::HasFields<State>,
                "a State lists its fields: auto fields() { return std::tie(first, second); }");
  state_internal::save_payload(state, writer);
}

// Reads `bytes` into `state`, which must be as new. False on bytes that are not a State's, which is then to be thrown away. `dropped` grows
// by the fields of a newer binary that were passed over.
template <class State>
[[nodiscard]] bool load_state(State& state, std::string_view bytes, uint64_t& dropped) {
  state_internal::Loading loading;
  const bool good = state_internal::load_payload(state, bytes, loading);
  dropped += loading.dropped;
  return good;
}

}  // namespace headroom
