// must not compile: a State lists its fields
#include "wiring.h"

struct Mute : Count {
  struct State {
    int64_t seen = 0;
  };
  std::optional<Word> step(State&, const Number&) const { return std::nullopt; }
};

void wire(headroom::Topology& topology) {
  numbers(topology).then("mute", Mute{});
}
