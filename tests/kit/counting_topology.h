#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/concat.h"
#include "headroom/decoder.h"
#include "headroom/operator.h"
#include "headroom/topology.h"

namespace headroom::kit {

// A small topology whose every output tells all of its state: records "name", an output at each fifth record of a name with how many there
// were and a checksum over their places. What is lost, doubled or restored wrongly shows in the next output.
struct Word {
  std::string_view name;
  int64_t time_ms = 0;
};

struct Tally {
  std::string name;
  int64_t seen = 0;
  uint64_t sum = 0;
};

class WordDecoder : public Decoder<Word> {
 public:
  void begin_batch() override {}
  void decode(const Record& record, uint32_t index, Decoded<Word>& out) override {
    if (record.value == "bad") {
      out.count("bad_word");
      out.rejects.push_back({index, "bad_word", 1, {}});
      return;
    }
    out.values.push_back({index, {record.value, record.timestamp_ms}});
  }
};

struct CountWords {
  using In = Word;
  using Out = Tally;
  struct State {
    int64_t seen = 0;
    uint64_t sum = 0;
    auto fields() { return std::tie(seen, sum); }
  };
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const Word& in) { return {in.name, {}}; }
  int64_t idle_ms() const { return int64_t{1} << 40; }
  std::optional<Tally> step(State& state, const Word& in) const {
    state.sum = state.sum * 31 + static_cast<uint64_t>(in.time_ms);
    if (++state.seen % 5 != 0) return std::nullopt;
    return Tally{std::string(in.name), state.seen, state.sum};
  }
};

inline void encode_tally(const Tally& tally, const Envelope& envelope, Encoded& out) {
  out.key = tally.name;
  out.value = concat(tally.name, " ", std::to_string(tally.seen), " ", std::to_string(tally.sum), " #", std::to_string(envelope.sequence));
}

inline Topology counting_topology(std::string name = "counting") {
  Topology topology(std::move(name));
  from<Word>(topology, "words", [] { return std::make_unique<WordDecoder>(); }).then("count", CountWords{}).to("tallies", encode_tally);
  return topology;
}

}  // namespace headroom::kit
