// A topology of one's own, outside of Headroom's source: words in, an output whenever a word was seen ten times within a minute.
#include <headroom/decoder.h>
#include <headroom/operator.h>
#include <headroom/state.h>
#include <headroom/testing/every_cut.h>
#include <headroom/testing/topology_driver.h>
#include <headroom/topology.h>

#include <cstdio>
#include <string>
#include <tuple>

using namespace headroom;

struct Word {
  std::string_view text;
  int64_t time_ms;  // this is what makes the lane's time go on
};

struct Burst {
  std::string word;
  int64_t minute;
};

class WordDecoder : public Decoder<Word> {
 public:
  void begin_batch() override {}
  void decode(const Record& record, uint32_t index, Decoded<Word>& out) override {
    if (!record.value.empty()) return out.values.push_back({index, {record.value, record.timestamp_ms}});
    out.count("no_word");
    out.rejects.push_back({index, "no_word", 1, {}});
  }
};

struct WordRate {
  using In = Word;
  using Out = Burst;
  struct State {
    int64_t minute = -1;
    int64_t seen = 0;
    auto fields() { return std::tie(minute, seen); }
  };
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const Word& in) { return {in.text, {}}; }
  int64_t idle_ms() const { return 3'600'000; }
  std::optional<Burst> step(State& state, const Word& in) const {
    const int64_t minute = in.time_ms / 60'000;
    if (minute != state.minute) state = {minute, 0};
    if (++state.seen != 10) return std::nullopt;
    return Burst{std::string(in.text), minute};
  }
};

void encode_burst(const Burst& burst, const Envelope& envelope, Encoded& out) {
  out.key = burst.word;
  out.value = burst.word + " in minute " + std::to_string(burst.minute) + ", number " + std::to_string(envelope.sequence);
}

Topology word_rate() {
  Topology topology("word_rate");
  from<Word>(topology, "words", [] { return std::make_unique<WordDecoder>(); }).then("rate", WordRate{}).to("bursts", encode_burst);
  return topology;
}

int main() {
  testing::TopologyDriver driver(word_rate());
  std::vector<testing::Input> inputs;
  for (int i = 0; i < 100; ++i) inputs.push_back({"", i % 3 == 0 ? "lag" : i % 7 == 0 ? "" : "load", 1'700'000'000'000 + i * 1000});
  for (const auto& input : inputs) {
    driver.pipe(input.key, input.value, input.timestamp_ms);
    driver.crash_and_restore();
  }
  for (const auto& record : driver.sent()) std::printf("%s\n", record.value.c_str());
  const std::string difference = testing::same_under_every_cut(word_rate(), inputs);
  std::printf("%s\n", difference.empty() ? "the same under every cut" : difference.c_str());
  return driver.sent().empty() || !difference.empty() ? 1 : 0;
}
