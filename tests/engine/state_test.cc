#include "headroom/state.h"

#include <gtest/gtest.h>

#include <random>

namespace headroom {
namespace {

enum class Colour : uint8_t { kRed, kGreen };

struct Inner {
  int32_t a = 7;
  std::string b;
  auto fields() { return std::tie(a, b); }
  bool operator==(const Inner&) const = default;
};

struct Blob {
  std::vector<double> rows;
  void save(ByteWriter& writer) const {
    writer.varint(rows.size());
    for (const double row : rows) writer.f64(row);
  }
  bool load(ByteReader& reader) {
    const uint64_t count = reader.varint();
    if (count > reader.left() / 8) return false;
    for (uint64_t i = 0; i < count; ++i) rows.push_back(reader.f64());
    return reader.ok();
  }
  bool operator==(const Blob&) const = default;
};

struct Everything {
  bool flag = false;
  int64_t time_ms = -1;
  uint16_t small = 0;
  Colour colour = Colour::kRed;
  double ratio = 0.5;
  std::string name;
  std::vector<int64_t> numbers;
  std::vector<bool> bits;
  std::vector<double> doubles;
  std::vector<Inner> inners;
  std::array<int32_t, 3> three = {1, 2, 3};
  std::optional<double> maybe;
  std::optional<std::vector<std::string>> words;
  Inner inner;
  Blob blob;
  auto fields() {
    return std::tie(flag, time_ms, small, colour, ratio, name, numbers, bits, doubles, inners, three, maybe, words, inner, blob);
  }
  bool operator==(const Everything&) const = default;
};

Everything filled() {
  Everything state;
  state.flag = true;
  state.time_ms = 1'732'262'400'000;
  state.small = 65535;
  state.colour = Colour::kGreen;
  state.ratio = -0.0;
  state.name = std::string(300, 'n');
  state.numbers = {0, -1, INT64_MAX, INT64_MIN};
  state.bits = {true, false, true};
  state.doubles = {1.5, -2.25};
  state.inners = {{1, "x"}, {}, {7, std::string(200, 'y')}};
  state.three = {0, 0, -9};
  state.maybe = 0.0;
  state.words = std::vector<std::string>{"", "w"};
  state.inner = {0, "in"};
  state.blob.rows = {3, 4};
  return state;
}

template <class T>
std::string saved(const T& state) {
  std::string bytes;
  ByteWriter writer(bytes);
  save_state(state, writer);
  return bytes;
}

template <class T>
std::optional<T> loaded(std::string_view bytes, uint64_t* dropped = nullptr) {
  T state;
  uint64_t count = 0;
  if (!load_state(state, bytes, count)) return std::nullopt;
  if (dropped != nullptr) *dropped = count;
  return state;
}

TEST(State, comes_back_with_every_kind_of_field) {
  const Everything state = filled();
  const auto back = loaded<Everything>(saved(state));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, state);
  EXPECT_TRUE(std::signbit(back->ratio));
}

TEST(State, leaves_out_what_is_default) {
  EXPECT_EQ(saved(Inner{}), "");
  EXPECT_EQ(saved(Inner{8, ""}), std::string("\x08\x10", 2));
  EXPECT_EQ(*loaded<Inner>(""), Inner{});
}

TEST(State, writes_a_zero_where_zero_is_not_the_default) {
  const auto back = loaded<Inner>(saved(Inner{0, ""}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->a, 0);
}

struct Old {
  int64_t first = 0;
  int64_t second = 5;
  auto fields() { return std::tie(first, second); }
};
struct New {
  int64_t first = 0;
  int64_t second = 5;
  int64_t third = 9;
  std::vector<Inner> fourth;
  double fifth = 0;
  auto fields() { return std::tie(first, second, third, fourth, fifth); }
};
struct Shrunk {
  int64_t first = 0;
  Retired second;
  int64_t third = 9;
  std::vector<Inner> fourth;
  double fifth = 0;
  auto fields() { return std::tie(first, second, third, fourth, fifth); }
};

TEST(State, reads_an_old_checkpoint_with_the_default_of_a_new_field) {
  const auto back = loaded<New>(saved(Old{3, 4}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->second, 4);
  EXPECT_EQ(back->third, 9);
}

TEST(State, passes_over_the_fields_of_a_newer_binary_and_counts_them) {
  uint64_t dropped = 0;
  const auto back = loaded<Old>(saved(New{3, 4, 10, {{1, "x"}}, 2.5}), &dropped);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, 3);
  EXPECT_EQ(back->second, 4);
  EXPECT_EQ(dropped, 3u);
}

TEST(State, passes_over_a_retired_field_without_counting_it) {
  uint64_t dropped = 7;
  const auto back = loaded<Shrunk>(saved(New{3, 4, 10, {}, 2.5}), &dropped);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, 3);
  EXPECT_EQ(back->third, 10);
  EXPECT_EQ(back->fifth, 2.5);
  EXPECT_EQ(dropped, 0u);
}

TEST(State, refuses_every_truncation_that_cuts_a_field) {
  const std::string bytes = saved(filled());
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); ++size) refused += loaded<Everything>(std::string_view(bytes).substr(0, size)) ? 0 : 1;
  // Cuts between fields read as defaults; there are as many of those as fields.
  EXPECT_EQ(bytes.size() - refused, std::tuple_size_v<decltype(Everything().fields())>);
}

TEST(State, refuses_a_count_that_its_bytes_cannot_hold) {
  for (const uint64_t count : {uint64_t{5}, uint64_t{1} << 32, UINT64_MAX, UINT64_MAX / 8 + 1}) {
    for (const uint64_t number : {7, 8, 9, 10}) {
      std::string payload;
      ByteWriter(payload).varint(count);
      std::string bytes;
      ByteWriter writer(bytes);
      writer.varint(number << 3 | 2);
      writer.string(payload);
      EXPECT_FALSE(loaded<Everything>(bytes)) << count << " of " << number;
    }
  }
}

TEST(State, refuses_numbers_that_do_not_fit_wrong_wires_and_fields_out_of_order) {
  const auto bytes_of = [](std::initializer_list<uint64_t> varints) {
    std::string bytes;
    ByteWriter writer(bytes);
    for (const uint64_t one : varints) writer.varint(one);
    return bytes;
  };
  EXPECT_TRUE(loaded<Everything>(bytes_of({1 << 3, 1})));
  EXPECT_FALSE(loaded<Everything>(bytes_of({1 << 3, 2})));                      // a bool of 2
  EXPECT_FALSE(loaded<Everything>(bytes_of({3 << 3, 65536})));                  // 16 bits
  EXPECT_FALSE(loaded<Everything>(bytes_of({3 << 3 | 2, 0})));                  // bytes for a number
  EXPECT_FALSE(loaded<Everything>(bytes_of({3 << 3, 1, 1 << 3, 1})));           // descending
  EXPECT_FALSE(loaded<Everything>(bytes_of({1 << 3, 1, 1 << 3, 1})));           // twice
  EXPECT_FALSE(loaded<Everything>(bytes_of({0, 1})));                           // number 0
  EXPECT_FALSE(loaded<Everything>(bytes_of({99 << 3 | 5, 1})));                 // an unknown wire type
  EXPECT_FALSE(loaded<Everything>(bytes_of({14 << 3 | 2, 3, 1 << 3, 14, 3})));  // bytes missing
}

struct Tree {
  std::vector<Tree> children;
  auto fields() { return std::tie(children); }
};

TEST(State, refuses_structures_too_deep_for_the_stack) {
  std::string bytes;
  for (int depth = 0; depth < 100'000; ++depth) {
    // A tree with one child that holds what there was so far. The lengths grow; beyond some depth only the outermost matters.
    std::string outer;
    ByteWriter writer(outer);
    std::string payload;
    ByteWriter inner(payload);
    inner.varint(1);
    inner.string(bytes);
    writer.varint(1 << 3 | 2);
    writer.string(payload);
    bytes = std::move(outer);
    if (bytes.size() > 4000) break;
  }
  EXPECT_FALSE(loaded<Tree>(bytes));
  Tree small;
  small.children.resize(2);
  small.children[0].children.resize(1);
  const auto back = loaded<Tree>(saved(small));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->children[0].children.size(), 1u);
}

TEST(State, survives_any_mutation_of_its_bytes) {
  const std::string bytes = saved(filled());
  std::mt19937_64 random(42);
  size_t refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string mutated = bytes;
    for (uint64_t change = random() % 4 + 1; change > 0; --change) {
      const size_t at = random() % mutated.size();
      switch (random() % 4) {
        case 0:
          mutated[at] = static_cast<char>(random());
          break;
        case 1:
          mutated.insert(at, 1, static_cast<char>(random()));
          break;
        case 2:
          mutated.erase(at, random() % 9 + 1);
          break;
        default:
          mutated.replace(at, 1, std::string(random() % 10 + 1, '\xff'));
          break;
      }
      if (mutated.empty()) mutated = "x";
    }
    const auto back = loaded<Everything>(mutated);
    if (!back) {
      ++refused;
      continue;
    }
    // What was read writes and reads again to the same.
    const std::string again = saved(*back);
    const auto twice = loaded<Everything>(again);
    ASSERT_TRUE(twice);
    ASSERT_EQ(saved(*twice), again);
  }
  EXPECT_GT(refused, 10'000u);
}

struct Twice {
  int64_t a = 0;
  int64_t b = 0;
  auto fields() { return std::tie(a, a); }
};

TEST(State, notices_a_field_that_is_listed_twice) {
  EXPECT_FALSE(state_internal::fields_are_distinct<Twice>());
  EXPECT_TRUE(state_internal::fields_are_distinct<Everything>());
}

}  // namespace
}  // namespace headroom
