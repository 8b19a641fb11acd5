#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "headroom/topology.h"

// What the wirings have in common: a pipe of numbers, and an operator that fits it.
struct Number {
  int64_t time_ms = 0;
  int64_t number = 0;
};
struct Word {
  std::string text;
};

struct Count {
  using In = Number;
  using Out = Word;
  struct State {
    int64_t seen = 0;
    auto fields() { return std::tie(seen); }
  };
  static constexpr uint32_t kStateVersion = 1;
  static headroom::StateKey key(const Number&) { return {"one", {}}; }
  int64_t idle_ms() const { return 1000; }
  std::optional<Word> step(State& state, const Number&) const { return Word{std::to_string(++state.seen)}; }
};

inline void encode_word(const Word& word, const headroom::Envelope&, headroom::Encoded& out) {
  out.value = word.text;
}
inline void encode_number(const Number& number, const headroom::Envelope&, headroom::Encoded& out) {
  out.value = std::to_string(number.number);
}

inline headroom::Pipe<Number> numbers(headroom::Topology& topology) {
  return headroom::from<Number>(topology, "numbers", [] { return std::unique_ptr<headroom::Decoder<Number>>(); });
}
